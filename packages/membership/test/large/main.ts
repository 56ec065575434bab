/*
 * The large simulation of membership, on all cores; a table at the end:
 *   npm run simulate:membership -- --nodes 3,10,100 --loss 0,0.1 --seeds 20
 *   npm run simulate:membership -- --nodes 1000 --seeds 20 --minutes 60
 * --minutes starts no run after so long; --quiet and --apart are virtual minutes of each run: nothing happens, halves are torn.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runLarge, type LargeOptions, type LargeResult } from './run.ts';
import { table, type Group } from './table.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3,10,100' },
    loss: { type: 'string', default: '0,0.1' },
    seeds: { type: 'string', default: '20' },
    quiet: { type: 'string', default: '5' },
    apart: { type: 'string', default: '2' },
    minutes: { type: 'string', default: 'Infinity' },
    workers: { type: 'string', default: String(availableParallelism()) },
    run: { type: 'string' },
  },
});

if (values.run === undefined) await runAll();
else process.send?.(runLarge(JSON.parse(values.run) as LargeOptions));

async function runAll(): Promise<void> {
  const groups = numbers(values.nodes).flatMap((nodes) =>
    numbers(values.loss).map((loss) => ({ nodes, loss, results: [] as LargeResult[] })),
  );
  const endMs = performance.now() + 60_000 * Number(values.minutes);
  const waiting = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1).flatMap((seed) =>
    groups.map((group) => ({ group, seed })),
  );
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && performance.now() < endMs; next = waiting.shift()) {
      const { seed, group } = next;
      const { nodes, loss } = group;
      group.results.push(
        await runApart({ nodes, loss, seed, quietMinutes: Number(values.quiet), apartMinutes: Number(values.apart) }),
      );
      if (process.stderr.isTTY) process.stderr.write(`\r${String(waiting.length)} runs left `);
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
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

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}
