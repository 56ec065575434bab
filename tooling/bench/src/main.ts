import { cpus, totalmem } from 'node:os';
import { flag, main, number, words, type Values } from '@simpledht/script-options';
import { inFlight64, oneAtATime } from './figures/calls.ts';
import { catchingUp } from './figures/catching-up.ts';
import { growth } from './figures/growth.ts';
import { localCalls, sustainedPuts } from './figures/local.ts';
import { memory } from './figures/memory.ts';
import { sealed } from './figures/sealed.ts';
import { join, visibility } from './figures/spread.ts';
import { canPin } from './child.ts';
import { printTable, type Row } from './table.ts';

const names = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p10', 'p12'] as const;

const usage = {
  command: 'npm run bench',
  about: 'Prints the benchmark tables of docs/benchmarks.md. Close other programs first.',
  examples: [['--only p1,p3 --runs 9', 'some, with more runs']],
  options: {
    runs: number({ help: 'runs of each figure', default: 5, least: 1, most: 100 }),
    only: words({ help: 'only these figures', of: names, default: names, shown: 'all' }),
    full: flag('with a million keys'),
  },
} as const;
type Options = Values<typeof usage.options>;

const hundredThousand = { size: 100_000, goalSeconds: 0.25 };
const million = { size: 1_000_000, goalSeconds: 3 };

function figures({ runs, full }: Options): Readonly<Record<(typeof names)[number], () => Promise<Row[]>>> {
  return {
    p1: () => oneAtATime(runs),
    p2: () => inFlight64(runs),
    p3: () => sustainedPuts(runs),
    p4: () => localCalls(runs),
    p5: () => visibility(runs),
    p6: async () => [
      ...(await join(runs, hundredThousand)),
      ...(await join(runs, { ...hundredThousand, datagramBytes: 1200 })),
      ...(await join(runs, { ...hundredThousand, onDisk: true })),
      ...(full ? await join(Math.min(runs, 3), million) : []),
      ...(full ? await join(Math.min(runs, 3), { ...million, onDisk: true }) : []),
    ],
    p7: () => memory(runs, full ? 1_000_000 : 100_000),
    p8: () => sealed(runs),
    p10: () => catchingUp(full ? Math.min(runs, 2) : runs, full ? 1_000_000 : 100_000),
    /** Prints a table of its own. */
    p12: async () => {
      await growth(full);
      return [];
    },
  };
}

process.exitCode = await main(usage, async (options) => {
  const [cpu] = cpus();
  process.stdout.write(
    `Node.js ${process.version}, ${String(cpus().length)} × ${cpu?.model ?? 'unknown processor'}, ` +
      `${String(Math.round(totalmem() / 2 ** 30))} GiB, ${process.platform}; key 20 bytes, value 100 bytes, three nodes on loopback,\n` +
      `each its own process; ${String(options.runs)} runs; one-at-a-time figures ${canPin ? 'on one core (taskset)' : 'NOT pinned: no taskset here'}\n`,
  );
  const all = figures(options);
  const rows: Row[] = [];
  for (const name of options.only) rows.push(...(await all[name]()));
  if (rows.length > 0) printTable('Benchmarks', rows);
  return true;
});
