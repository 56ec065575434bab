/*
 * Kills and power cuts in numbers, on real processes and real file systems:
 *   npm run durability -- --kills 500 --cuts 100 [--controls 10] [--seed S]
 * A control is a power cut with sync off: it must lose something, or the cuts are blind. `--no-sync` runs everything so: it
 * has to fail. Exit code 1 when an acknowledged write is lost or a store is wrong; 2 for wrong options.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { undoAll } from '../support/temporary.ts';
import { whyNoMounts } from './file-systems.ts';
import { randomFrom } from './random.ts';
import { cutAfter, Kills, type Outcome } from './trials.ts';

const help = `Kills writers, and cuts the power of their disks, at random moments; then looks for every write that was answered for.

  npm run durability [-- options]

  --kills N      kill -9 (default 50)
  --cuts N       power cuts: images of ext4 on loop devices, root on Linux only (default 10)
  --controls N   power cuts with sync off, which must lose something (default: a tenth of the cuts, at least one)
  --seed N       draws the moments (default: of the clock)
  --no-sync      does not wait for the disk in any of them: has to fail
`;
const options = {
  kills: { type: 'string', default: '50' },
  cuts: { type: 'string', default: '10' },
  controls: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  'no-sync': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies ParseArgsConfig['options'];

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

process.exitCode = await main();

async function main(): Promise<number> {
  let values: ReturnType<typeof read>;
  try {
    values = read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  if (values === undefined) {
    process.stdout.write(help);
    return 0;
  }
  try {
    await runAll(values);
  } finally {
    await undoAll();
  }
  return report(values);
}

function read(): { kills: number; cuts: number; controls: number; seed: number; sync: boolean } | undefined {
  const { values } = parseArgs({ options });
  if (values.help) return undefined;
  const cuts = count('cuts', values.cuts);
  return {
    kills: count('kills', values.kills),
    cuts,
    controls: values.controls === undefined ? Math.ceil(cuts / 10) : count('controls', values.controls),
    seed: count('seed', values.seed),
    sync: !values['no-sync'],
  };
}

function count(name: string, given: string): number {
  const value = given === '' ? Number.NaN : Number(given);
  if (Number.isInteger(value) && value >= 0 && value <= 1_000_000) return value;
  throw new RangeError(`--${name} takes a whole number from 0 to 1000000, not ${JSON.stringify(given)}`);
}

async function runAll({ kills, cuts, controls, seed, sync }: NonNullable<ReturnType<typeof read>>): Promise<void> {
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

function report({ kills, cuts, controls, seed, sync }: NonNullable<ReturnType<typeof read>>): number {
  process.stdout.write('\n| trial | runs | acknowledged writes | keys | keys lost | runs that lost | stores wrong |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
  for (const { what, runs, answers, keys, lost, lossy, wrong } of rows)
    process.stdout.write(`| ${[what, runs, answers, keys, lost, lossy, wrong].join(' | ')} |\n`);
  if (failures.length === 0) return 0;
  process.stdout.write(`\nViolated:\n${failures.map((text) => `- ${text}`).join('\n')}\n`);
  const numbers = `--kills ${String(kills)} --cuts ${String(cuts)} --controls ${String(controls)} --seed ${String(seed)}`;
  process.stdout.write(`Again: npm run durability -- ${numbers}${sync ? '' : ' --no-sync'}\n`);
  return 1;
}
