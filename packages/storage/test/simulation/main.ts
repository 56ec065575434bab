/* Long runs of the store simulation, on all cores, or one run, and what happened in it when it fails: --help says how. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { flag, hidden, main, number, words, type Values } from '@simpledht/script-options';
import { allClasses, ClassResult, emptyResults, failureOf, runBatch, type Batch, type Results } from './long-run.ts';
import type { RunOptions } from './scene.ts';
import { classOf, explain, StoreRun } from './store-run.ts';
import { table } from './table.ts';
import { Tally } from './tally.ts';

const usage = {
  command: 'npm run simulate:store',
  about: 'Random histories of the replicated map under faults, in virtual time, by seed.',
  examples: [
    ['--seeds 200000', 'all classes, on all cores, and a table'],
    ['--class purge,away --minutes 60', 'two classes for at most an hour'],
    ['--class purge --seed 123', 'one run; when it fails, what happened to the key'],
  ],
  options: {
    seeds: number({ help: 'runs', default: 2_000, least: 1 }),
    from: number({ help: 'first seed', default: 1, least: 0 }),
    seed: number({ help: 'the one run', least: 0 }),
    class: words({ help: 'only these classes', of: allClasses, default: allClasses, shown: 'all, in turn' }),
    minutes: number({ help: 'no run begins after so long', least: 0, whole: false }),
    workers: number({ help: 'processes', default: availableParallelism(), least: 1, most: 1_000 }),
    first: flag('stops at the first failure; in one process'),
    lines: number({ help: 'events that a failure shows', default: 60, least: 1 }),
    'keep-tombstones': flag('does not ask for purged tombstones in the end'),
    'leaves-early': flag('breaks the rule that nothing leaves before it is durable'),
    worker: hidden(),
  },
} as const;
type Options = Values<typeof usage.options>;

/** Runs of one worker between two reports. */
const reportEvery = 20;

process.exitCode = await main(usage, run);

function run(values: Options): boolean | Promise<boolean> {
  const options: RunOptions = {
    keepsTombstones: values['keep-tombstones'],
    leavesEarly: values['leaves-early'],
  };
  if (values.seed !== undefined) return runOne(values.seed, values, options);
  if (values.worker !== undefined) return work(JSON.parse(values.worker) as Batch);
  return values.first ? runToFirst(values, options) : runAll(values, options);
}

function runOne(seed: number, { class: classes, lines }: Options, options: RunOptions): boolean {
  const kind = classOf(seed, classes);
  try {
    const run = new StoreRun(seed, kind, options);
    run.run();
    print(`class ${kind.name}, seed ${String(seed)}: held; events ${run.scene.hash.value}`);
    return true;
  } catch {
    print(explain(seed, kind, options, lines));
    return false;
  }
}

function work(batch: Batch): boolean {
  runBatch(batch, reportEvery, (results) => process.send?.(results));
  return true;
}

/** For the mutation check: one line with the first failure. */
function runToFirst({ from, seeds, class: classes }: Options, options: RunOptions): boolean {
  for (let seed = from; seed < from + seeds; seed++) {
    const failure = failureOf(seed, classOf(seed, classes), options);
    if (failure === undefined) continue;
    print(`${failure.kind}, seed ${String(seed)}: ${failure.invariant}`);
    return false;
  }
  return true;
}

async function runAll(
  { seeds, from, workers, minutes, class: classes }: Options,
  options: RunOptions,
): Promise<boolean> {
  const results = emptyResults(classes);
  const startedMs = performance.now();
  let done = 0;
  const take = (part: Results): void => {
    done += merge(results, part);
    for (const { failures } of Object.values(part))
      for (const { kind, seed, invariant } of failures)
        print(`\n${invariant}: npm run simulate:store -- --class ${kind} --seed ${String(seed)}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${progress(done, seeds, startedMs, results)}`);
  };
  const batches = Array.from({ length: workers }, (_, index): Batch => {
    const count = Math.ceil((seeds - index) / workers);
    return { from: from + index, stride: workers, count, classes, options, minutes };
  });
  await Promise.all(batches.map((batch) => runWorker(batch, take)));
  if (process.stderr.isTTY) process.stderr.write('\n');
  print(table(results));
  print(progress(done, seeds, startedMs, results));
  return Object.values(results).every(({ failures }) => failures.length === 0);
}

function runWorker(batch: Batch, take: (part: Results) => void): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--worker', JSON.stringify(batch)], {
    // Most of what a run makes is garbage soon.
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  child.on('message', (part) => {
    take(part as Results);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with code ${String(code)}`));
    });
  });
}

/** Adds what a worker sent: plain data, since it went through JSON. Returns how many runs it speaks of. */
function merge(results: Results, part: Results): number {
  let runs = 0;
  for (const [name, told] of Object.entries(part)) {
    const result = results[name];
    if (result === undefined) continue;
    const { failures } = told;
    const tally = Object.assign(new Tally(), told.tally);
    result.add(Object.assign(new ClassResult(), { runs: told.runs, failures, tally }));
    runs += told.runs;
  }
  return runs;
}

function progress(done: number, seeds: number, startedMs: number, results: Results): string {
  const seconds = (performance.now() - startedMs) / 1_000;
  const failures = Object.values(results).reduce((sum, result) => sum + result.failures.length, 0);
  const left = (seconds / Math.max(1, done)) * (seeds - done);
  const speed = `${(done / seconds).toFixed(0)}/s, ${left.toFixed(0)} s left`;
  return `${String(done)} of ${String(seeds)} runs, ${speed}, ${String(failures)} failed`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
