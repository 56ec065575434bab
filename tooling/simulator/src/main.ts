import { readFileSync } from 'node:fs';
import { UsageError } from '@simpledht/script-options';
import { runBatch, type Batch, type Failure, type Results } from './batch.ts';
import { commandOfRun, simulate, type Options } from './options.ts';
import { drawPlan } from './plan/draw.ts';
import type { Plan } from './plan/plan.ts';
import { Tally } from './run/tally.ts';
import { runOne } from './single.ts';
import { table } from './table.ts';
import { runWorkers } from './workers.ts';

process.exitCode = await simulate(run);

async function run(options: Options): Promise<boolean> {
  const { worker, plan, seed, draw } = options;
  if (worker !== undefined) return work(JSON.parse(worker) as Batch);
  if (plan !== undefined) return runOne(planOf(plan), options, print);
  if (seed !== undefined) return runOne(drawPlan(seed, draw), options, print);
  return many(options);
}

function planOf(file: string): Plan {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Plan;
  } catch (error) {
    throw new UsageError(`--plan: ${String(error)}`);
  }
}

async function work(batch: Batch): Promise<boolean> {
  await runBatch(batch, (results) => process.send?.(results));
  process.disconnect();
  return true;
}

async function many(options: Options): Promise<boolean> {
  const { seeds, from, workers, minutes, draw, first } = options;
  const [tally, failures, startedMs] = [new Tally(), [] as Failure[], performance.now()];
  let cpuMs = 0;
  const take = (results: Results): void => {
    tally.add(results.tally);
    for (const failure of results.failures) print(`\n${told(failure, options)}`);
    failures.push(...results.failures);
    cpuMs += results.cpuMs;
    if (process.stderr.isTTY) process.stderr.write(`\r${progress()}`);
  };
  const progress = (): string => {
    const seconds = (performance.now() - startedMs) / 1_000;
    const speed = `${(tally.runs / seconds).toFixed(1)}/s, ${(tally.virtualMs / cpuMs).toFixed(0)} × real time`;
    return `${String(tally.runs)} of ${String(seeds)} runs, ${speed}, ${String(failures.length)} failed`;
  };
  const batches = Array.from({ length: Math.min(workers, seeds) }, (_, index): Batch => {
    const count = Math.ceil((seeds - index) / workers);
    return { from: from + index, stride: workers, count, draw, maxSeconds: minutes * 60, stopsAtFailure: first };
  });
  await runWorkers(batches, take);
  print(`\n${table({ tally, failures, cpuMs })}\n\n${progress()}`);
  return failures.length === 0;
}

function told({ seed, message }: Failure, options: Options): string {
  const head = message.split('\n').slice(0, 3).join('\n');
  return `seed ${String(seed)}: ${head}\n  ${commandOfRun(seed, options)}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
