import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { inFlight64, oneAtATime } from './figures/calls.ts';
import { catchingUp } from './figures/catching-up.ts';
import { growth } from './figures/growth.ts';
import { localCalls, sustainedPuts } from './figures/local.ts';
import { memory } from './figures/memory.ts';
import { sealed } from './figures/sealed.ts';
import { join, visibility } from './figures/spread.ts';
import { canPin } from './child.ts';
import { printTable, type Row } from './table.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    full: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1 || runs > 100) throw new RangeError('--runs takes 1 to 100');

const hundredThousand = { size: 100_000, goalSeconds: 0.25 };
const million = { size: 1_000_000, goalSeconds: 3 };

const figures: Readonly<Record<string, () => Promise<Row[]>>> = {
  p1: () => oneAtATime(runs),
  p2: () => inFlight64(runs),
  p3: () => sustainedPuts(runs),
  p4: () => localCalls(runs),
  p5: () => visibility(runs),
  p6: async () => [
    ...(await join(runs, hundredThousand)),
    ...(await join(runs, { ...hundredThousand, datagramBytes: 1200 })),
    ...(await join(runs, { ...hundredThousand, onDisk: true })),
    ...(values.full ? await join(Math.min(runs, 3), million) : []),
    ...(values.full ? await join(Math.min(runs, 3), { ...million, onDisk: true }) : []),
  ],
  p7: () => memory(runs, values.full ? 1_000_000 : 100_000),
  p8: () => sealed(runs),
  p10: () => catchingUp(values.full ? Math.min(runs, 2) : runs, values.full ? 1_000_000 : 100_000),
  /** Prints a table of its own. */
  p12: async () => {
    await growth(values.full);
    return [];
  },
};

const chosen = values.only?.split(',') ?? Object.keys(figures);
for (const name of chosen)
  if (!(name in figures)) throw new RangeError(`--only takes some of ${Object.keys(figures).join(',')}`);

const [cpu] = cpus();
process.stdout.write(
  `Node.js ${process.version}, ${String(cpus().length)} × ${cpu?.model ?? 'unknown processor'}, ` +
    `${String(Math.round(totalmem() / 2 ** 30))} GiB, ${process.platform}; key 20 bytes, value 100 bytes, three nodes on loopback,\n` +
    `each its own process; ${String(runs)} runs; one-at-a-time figures ${canPin ? 'on one core (taskset)' : 'NOT pinned: no taskset here'}\n`,
);
const rows: Row[] = [];
for (const name of chosen) rows.push(...((await figures[name]?.()) ?? []));
if (rows.length > 0) printTable('Benchmarks', rows);
