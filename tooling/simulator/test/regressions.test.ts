import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../src/plan/plan.ts';
import { runPlan } from '../src/run/run.ts';

interface Regression {
  /** What was wrong. */
  readonly story: string;
  readonly plan: Plan;
}

const folder = new URL('../regressions/', import.meta.url);

describe('what once failed', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('%s holds', async (name) => {
    const { story, plan } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Regression;
    const { violation } = await runPlan(plan);
    expect(violation?.message, story).toBeUndefined();
  });
});
