import type { BrokenRule } from './patch.ts';

export interface Verdict {
  /** What noticed; `undefined` when nothing did. */
  readonly caught: string | undefined;
  readonly seconds: number;
}

interface Campaign<Rule> {
  readonly workers: number;
  readonly attempt: (rule: Rule) => Promise<Verdict>;
  readonly print: (text: string) => void;
}

/** Breaks the rules, as many at a time as there are workers, and prints a table. True when each one was noticed. */
export async function tryAll<Rule extends BrokenRule>(
  rules: readonly Rule[],
  { workers, attempt, print }: Campaign<Rule>,
): Promise<boolean> {
  const waiting = [...rules];
  let missed = 0;
  print('| broken rule | caught by | seconds |\n| --- | --- | --- |');
  const work = async (): Promise<void> => {
    for (let rule = waiting.shift(); rule !== undefined; rule = waiting.shift()) {
      const { caught, seconds } = await attempt(rule);
      if (caught === undefined) missed += 1;
      print(`| ${rule.rule} | ${caught ?? '**nothing**'} | ${seconds.toFixed(1)} |`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  print(`\n${String(rules.length - missed)} of ${String(rules.length)} broken rules were caught`);
  return missed === 0;
}
