import { isFault, type Plan, type Step } from './plan/plan.ts';
import { runPlan } from './run/run.ts';

export interface ShrinkOptions {
  /** Runs that it may take. */
  readonly tries: number;
  readonly tell?: (text: string) => void;
}

/**
 * A smaller plan that breaks the same promise: whole kinds of faults are left out first, then halves of the steps, then
 * quarters, down to single ones (delta debugging, after Zeller and Hildebrandt).
 */
export async function shrink(plan: Plan, invariant: string, { tries, tell }: ShrinkOptions): Promise<Plan> {
  let [smallest, left] = [plan, tries];
  const attempt = async (steps: readonly Step[]): Promise<boolean> => {
    if (left <= 0 || steps.length === smallest.steps.length) return false;
    left -= 1;
    const candidate = { ...smallest, steps };
    const { violation } = await runPlan(candidate);
    if (violation?.invariant !== invariant) return false;
    smallest = candidate;
    tell?.(`${String(steps.length)} steps left, ${String(left)} tries`);
    return true;
  };
  for (const type of new Set(plan.steps.filter(isFault).map((fault) => fault.type)))
    await attempt(smallest.steps.filter((step) => step.type !== type));
  await attempt(smallest.steps.filter(isFault));
  for (
    let size = Math.ceil(smallest.steps.length / 2);
    size >= 1 && left > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  )
    for (let from = 0; from < smallest.steps.length;) {
      const rest = [...smallest.steps.slice(0, from), ...smallest.steps.slice(from + size)];
      if (!(await attempt(rest))) from += size;
    }
  return smallest;
}
