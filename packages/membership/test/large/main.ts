/* The large simulation of membership, on all cores; a table at the end: --help says how. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { hidden, main, number, numbers, type Values } from '@simpledht/script-options';
import { runLarge, type LargeOptions, type LargeResult } from './run.ts';
import { table, type Group } from './table.ts';

const usage = {
  command: 'npm run simulate:membership',
  about: 'Clusters of members in virtual time: found, left alone, joined, killed, torn in halves and healed.',
  examples: [
    ['--nodes 3,10,100 --loss 0,0.1 --seeds 20', 'each number of nodes with each loss'],
    ['--nodes 1000 --seeds 20 --minutes 60', 'large ones, for about an hour'],
  ],
  options: {
    nodes: numbers({ help: 'nodes of a cluster', default: [3, 10, 100], least: 2, most: 10_000 }),
    loss: numbers({ help: 'part of the datagrams that gets lost', default: [0, 0.1], least: 0, most: 1, whole: false }),
    seeds: number({ help: 'runs of each', default: 20, least: 1 }),
    quiet: number({ help: 'virtual minutes in which nothing happens', default: 5, least: 0.1, whole: false }),
    apart: number({ help: 'virtual minutes in which the halves are torn', default: 2, least: 0, whole: false }),
    minutes: number({ help: 'no run begins after so long', least: 0, whole: false }),
    workers: number({ help: 'processes', default: availableParallelism(), least: 1, most: 1_000 }),
    run: hidden(),
  },
} as const;
type Options = Values<typeof usage.options>;

process.exitCode = await main(usage, async (options) => {
  if (options.run === undefined) await runAll(options);
  else process.send?.(runLarge(JSON.parse(options.run) as LargeOptions));
  return true;
});

async function runAll({ quiet, apart, minutes = Infinity, ...options }: Options): Promise<void> {
  const groups = options.nodes.flatMap((nodes) =>
    options.loss.map((loss) => ({ nodes, loss, results: [] as LargeResult[] })),
  );
  const endMs = performance.now() + 60_000 * minutes;
  const waiting = Array.from({ length: options.seeds }, (_, index) => index + 1).flatMap((seed) =>
    groups.map((group) => ({ group, seed })),
  );
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && performance.now() < endMs; next = waiting.shift()) {
      const { seed, group } = next;
      const { nodes, loss } = group;
      group.results.push(await runApart({ nodes, loss, seed, quietMinutes: quiet, apartMinutes: apart }));
      if (process.stderr.isTTY) process.stderr.write(`\r${String(waiting.length)} runs left `);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  report(groups);
}

/** In a process of its own: what a run leaves in memory goes with it. */
function runApart(options: LargeOptions): Promise<LargeResult> {
  const child = fork(fileURLToPath(import.meta.url), ['--run', JSON.stringify(options)], {
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  return new Promise((resolve, reject) => {
    child.on('message', (result) => {
      resolve(result as LargeResult);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      reject(new Error(`the run ${JSON.stringify(options)} ended with code ${String(code)}`));
    });
  });
}

function report(groups: readonly Group[]): void {
  process.stdout.write(`${table(groups.filter(({ results }) => results.length > 0))}\n`);
}
