import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { runBatch, type Batch, type Failure, type Results } from './batch.ts';
import { help, readOptions, type Options } from './options.ts';
import { drawPlan } from './plan/draw.ts';
import type { Plan } from './plan/plan.ts';
import { Tally } from './run/tally.ts';
import { runOne } from './single.ts';
import { table } from './table.ts';
import { runWorkers } from './workers.ts';

try {
  await main(readOptions(process.argv.slice(2), availableParallelism()));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  if (options.help) print(help());
  else if (options.worker !== undefined) await work(JSON.parse(options.worker) as Batch);
  else if (options.plan !== undefined) await single(JSON.parse(readFileSync(options.plan, 'utf8')) as Plan, options);
  else if (options.seed !== undefined) await single(drawPlan(options.seed, options.draw), options);
  else await many(options);
}

async function single(plan: Plan, options: Options): Promise<void> {
  if (!(await runOne(plan, options, print))) process.exitCode = 1;
}

async function work(batch: Batch): Promise<void> {
  await runBatch(batch, (results) => process.send?.(results));
  process.disconnect();
}

async function many({ seeds, from, workers, minutes, draw, first }: Options): Promise<void> {
  const [tally, failures, startedMs] = [new Tally(), [] as Failure[], performance.now()];
  let cpuMs = 0;
  const take = (results: Results): void => {
    tally.add(results.tally);
    for (const failure of results.failures) print(`\n${told(failure)}`);
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
  if (failures.length > 0) process.exitCode = 1;
}

function told({ seed, message }: Failure): string {
  return `seed ${String(seed)}: ${message.split('\n').slice(0, 3).join('\n')}\n  npm run simulate -- --seed ${String(seed)}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
