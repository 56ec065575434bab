import { flag, number, text, UsageError, type Option } from '@simpledht/script-options';
import type { BrokenRule } from './patch.ts';

export const examples = [
  ['--quick', 'those that are in the suite'],
  ['--rule tombstone', 'those with this in their name'],
] as const;

/** What every campaign may be told; `workers` is how many rules it tries at a time by itself. */
export function campaignOptions(workers: number): {
  readonly rule: Option<string | undefined>;
  readonly quick: Option<boolean>;
  readonly seeds: Option<number>;
  readonly workers: Option<number>;
} {
  return {
    rule: text({ help: 'only these rules', takes: 'a part of their names', sign: 'TEXT' }),
    quick: flag('only those that are in the suite'),
    seeds: number({ help: 'runs for each rule at the most', default: 2_000, least: 1 }),
    workers: number({ help: 'rules at a time', default: workers, least: 1, most: 1_000 }),
  };
}

/** Throws a UsageError when there is none. */
export function chosen<Rule extends BrokenRule>(
  rules: readonly Rule[],
  { rule: part = '', quick }: { readonly rule?: string | undefined; readonly quick: boolean },
): readonly Rule[] {
  const found = rules.filter((each) => each.rule.includes(part) && (!quick || each.quick === true));
  if (found.length === 0) throw new UsageError(`--rule: no rule has ${JSON.stringify(part)} in its name`);
  return found;
}
