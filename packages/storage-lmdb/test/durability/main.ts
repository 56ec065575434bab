/*
 * Kills and power cuts in numbers, on real processes and real file systems.
 * A control is a power cut with sync off: it must lose something, or the cuts are blind. `--no-sync` runs everything so: it
 * has to fail. Exit code 1 when an acknowledged write is lost or a store is wrong; 2 for wrong options.
 */
import { commandOf, flag, main, number, type Values } from '@simpledht/script-options';
import { undoAll } from '../support/temporary.ts';
import { whyNoMounts } from './file-systems.ts';
import { randomFrom } from './random.ts';
import { cutAfter, Kills, type Outcome } from './trials.ts';

const most = 1_000_000;

const usage = {
  command: 'npm run durability',
  about:
    'Kills writers, and cuts the power of their disks, at random moments; then looks for every write that was answered for.',
  examples: [['--kills 500 --cuts 100', 'some minutes']],
  options: {
    kills: number({ help: 'writers that are killed by kill -9', default: 50, least: 0, most }),
    cuts: number({
      ...{ help: 'power cuts: images of ext4 on loop devices, root on Linux only', default: 10, least: 0, most },
    }),
    controls: number({
      ...{ help: 'power cuts with sync off, which must lose something', shown: 'a tenth of the cuts', least: 0, most },
    }),
    seed: number({
      ...{ help: 'draws the moments', default: Date.now() % most, shown: 'of the clock', least: 0, most },
    }),
    'no-sync': flag('does not wait for the disk in any of them: has to fail'),
  },
} as const;

/** With as many controls as there are. */
type Exact = Values<typeof usage.options> & { readonly controls: number };

interface Row {
  readonly what: string;
  runs: number;
  answers: number;
  keys: number;
  lost: number;
  /** Runs in which something was lost. */
  lossy: number;
  wrong: number;
}

const rows: Row[] = [];
const failures: string[] = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    process.stderr.write(`\n${signal}: taking everything away\n`);
    void undoAll().finally(() => process.kill(process.pid, signal));
  });

process.exitCode = await main(usage, async (given) => {
  const options = { ...given, controls: given.controls ?? Math.ceil(given.cuts / 10) };
  try {
    await runAll(options);
  } finally {
    await undoAll();
  }
  return report(options);
});

async function runAll({ kills, cuts, controls, seed, 'no-sync': noSync }: Exact): Promise<void> {
  const sync = !noSync;
  const random = randomFrom(seed);
  const trials = new Kills(sync);
  await repeat(`kill -9`, kills, () => trials.killAfter(20 + random() * 600));
  if (kills > 0) failures.push(...(await trials.whatIsWrong()).map((text) => `after the kills: ${text}`));
  const whyNot = cuts + controls > 0 ? whyNoMounts() : undefined;
  if (whyNot !== undefined) {
    process.stdout.write(`no power cuts: ${whyNot}\n`);
    return;
  }
  await repeat('power cut', cuts, () => cutAfter(20 + random() * 900, sync));
  const control = await repeat('control without sync', controls, () => cutAfter(300 + random() * 600, false), true);
  if (control.lossy < control.runs) failures.push('a power cut without sync lost nothing: this test is blind');
}

/** The same so many times, with a line after each tenth. */
async function repeat(what: string, runs: number, trial: () => Promise<Outcome>, mayLose = false): Promise<Row> {
  const row: Row = { what, runs: 0, answers: 0, keys: 0, lost: 0, lossy: 0, wrong: 0 };
  if (runs > 0) rows.push(row);
  for (let run = 1; run <= runs; run++) {
    const { answers, keys, lost, wrong } = await trial();
    row.runs += 1;
    row.answers += answers;
    row.keys = what === 'kill -9' ? keys : row.keys + keys;
    row.lost += lost.length;
    row.lossy += lost.length > 0 ? 1 : 0;
    row.wrong += wrong.length;
    if (!mayLose) tellFailures(`${what} ${String(run)}`, lost, wrong);
    if (run % Math.ceil(runs / 10) === 0)
      process.stdout.write(`${what}: ${String(run)} of ${String(runs)}, ${String(row.answers)} acknowledged writes\n`);
  }
  return row;
}

function tellFailures(name: string, lost: readonly string[], wrong: readonly string[]): void {
  if (lost.length > 0)
    failures.push(`${name}: ${String(lost.length)} keys lost, such as ${lost.slice(0, 3).join('; ')}`);
  failures.push(...wrong.map((text) => `${name}: ${text}`));
}

function report(options: Exact): boolean {
  process.stdout.write('\n| trial | runs | acknowledged writes | keys | keys lost | runs that lost | stores wrong |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
  for (const { what, runs, answers, keys, lost, lossy, wrong } of rows)
    process.stdout.write(`| ${[what, runs, answers, keys, lost, lossy, wrong].join(' | ')} |\n`);
  if (failures.length === 0) return true;
  process.stdout.write(`\nViolated:\n${failures.map((text) => `- ${text}`).join('\n')}\n`);
  process.stdout.write(`Again: ${commandOf(usage, options)}\n`);
  return false;
}
