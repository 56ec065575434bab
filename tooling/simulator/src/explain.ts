import type { Plan } from './plan/plan.ts';
import { Log } from './run/log.ts';
import { runPlan, type Outcome } from './run/run.ts';

/** Runs a plan once more and tells how it failed: what was broken, and the last that happened to the nodes concerned. */
export async function explain(plan: Plan, command: string, lines: number): Promise<string> {
  const log = new Log();
  const outcome = await runPlan(plan, log);
  const { violation } = outcome;
  if (violation === undefined)
    return `${summary(outcome)}; it did not fail when repeated: the run is not deterministic`;
  return `${summary(outcome)}\n\n${log.last(lines, violation.nodes, violation.key)}\n\nagain: ${command}`;
}

export function summary({ plan, violation, hash, endMs }: Outcome): string {
  const { nodes, sealed, durable, mixed } = plan.setting;
  const setting = `${String(nodes)} nodes, ${sealed ? 'sealed' : 'plain'}, ${durable ? 'disks' : 'in memory'}${mixed === true ? ', two versions' : ''}`;
  const result = violation === undefined ? 'held' : `broke a promise\n${violation.message}`;
  return `seed ${String(plan.seed)} (${setting}, ${String(plan.steps.length)} steps, ${(endMs / 1_000).toFixed(1)} virtual s, events ${hash}) ${result}`;
}
