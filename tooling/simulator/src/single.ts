import { writeFileSync } from 'node:fs';
import { explain, summary } from './explain.ts';
import { commandOfPlan, commandOfRun, type Options } from './options.ts';
import type { Plan } from './plan/plan.ts';
import { Log } from './run/log.ts';
import { runPlan } from './run/run.ts';
import { shrink } from './shrink.ts';
import { timeline } from './timeline/timeline.ts';

/** One run, told to people. Gives whether it held. */
export async function runOne(plan: Plan, options: Options, print: (text: string) => void): Promise<boolean> {
  const log = new Log();
  const outcome = await runPlan(plan, options.timeline === undefined ? undefined : log);
  if (options.timeline !== undefined) {
    writeFileSync(options.timeline, timeline(outcome, log.lines));
    print(`drawn: ${options.timeline}`);
  }
  const { violation } = outcome;
  if (violation === undefined) {
    print(summary(outcome));
    return true;
  }
  print(await explain(plan, commandOfRun(plan.seed, options), options.lines));
  if (options.shrink > 0) await smaller(plan, violation.invariant, options, print);
  return false;
}

async function smaller(plan: Plan, invariant: string, options: Options, print: (text: string) => void): Promise<void> {
  const small = await shrink(plan, invariant, { tries: options.shrink });
  const file = options.out ?? `simulation-${String(plan.seed)}.json`;
  writeFileSync(file, `${JSON.stringify(small, undefined, 2)}\n`);
  print(`${String(small.steps.length)} of ${String(plan.steps.length)} steps are enough: ${commandOfPlan(file)}`);
}
