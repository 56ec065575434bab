/*
 * Long runs of the store simulation, on all cores:
 *   npm run simulate:store -- --seeds 200000 [--from 1]  [--minutes 60] [--class purge,away] [--workers 2]
 * One run, and what happened in it when it fails:
 *   npm run simulate:store -- --class purge --seed 123 [--lines 100]
 * --first stops at the first failure; --keep-tombstones does not ask for purged ones in the end; --leaves-early breaks the rule that nothing leaves before it is durable.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allClasses, ClassResult, emptyResults, failureOf, runBatch, type Batch, type Results } from './long-run.ts';
import type { RunOptions } from './scene.ts';
import { classOf, explain, StoreRun } from './store-run.ts';
import { table } from './table.ts';
import { Tally } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '100000' },
    class: { type: 'string', default: allClasses.join(',') },
    workers: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string' },
    lines: { type: 'string', default: '60' },
    'keep-tombstones': { type: 'boolean', default: false },
    worker: { type: 'string' },
    first: { type: 'boolean', default: false },
    'leaves-early': { type: 'boolean', default: false },
  },
});
const classes = values.class.split(',');
const options: RunOptions = {
  keepsTombstones: values['keep-tombstones'],
  leavesEarly: values['leaves-early'],
};

/** Runs of one worker between two reports. */
const reportEvery = 20;

if (values.seed !== undefined) runOne(Number(values.seed));
else if (values.worker !== undefined) {
  const batch = JSON.parse(values.worker) as Batch;
  runBatch(batch, reportEvery, (results) => process.send?.(results));
} else if (values.first) runToFirst(Number(values.from), Number(values.seeds));
else await runAll(Number(values.seeds), Number(values.from), Number(values.workers));

function runOne(seed: number): void {
  const kind = classOf(seed, classes);
  try {
    const run = new StoreRun(seed, kind, options);
    run.run();
    print(`class ${kind.name}, seed ${String(seed)}: held; events ${run.scene.hash.value}`);
  } catch {
    print(explain(seed, kind, options, Number(values.lines)));
    process.exitCode = 1;
  }
}

/** For the mutation check: one line with the first failure. */
function runToFirst(from: number, seeds: number): void {
  for (let seed = from; seed < from + seeds; seed++) {
    const failure = failureOf(seed, classOf(seed, classes), options);
    if (failure === undefined) continue;
    print(`${failure.kind}, seed ${String(seed)}: ${failure.invariant}`);
    process.exitCode = 1;
    return;
  }
}

async function runAll(seeds: number, from: number, workers: number): Promise<void> {
  const results = emptyResults(classes);
  const startedMs = performance.now();
  let done = 0;
  const take = (part: Results): void => {
    done += merge(results, part);
    if (process.stderr.isTTY) process.stderr.write(`\r${progress(done, seeds, startedMs, results)}`);
  };
  const batches = Array.from({ length: workers }, (_, index): Batch => {
    const count = Math.ceil((seeds - index) / workers);
    return { from: from + index, stride: workers, count, classes, options, minutes: Number(values.minutes) };
  });
  await Promise.all(batches.map((batch) => runWorker(batch, take)));
  if (process.stderr.isTTY) process.stderr.write('\n');
  print(table(results));
  print(progress(done, seeds, startedMs, results));
  if (Object.values(results).some(({ failures }) => failures.length > 0)) process.exitCode = 1;
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
