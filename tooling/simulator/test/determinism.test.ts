import { describe, expect, it } from 'vitest';
import { drawPlan } from '../src/plan/draw.ts';
import { runPlan } from '../src/run/run.ts';

const seeds = Array.from({ length: 20 }, (_, index) => 9_000 + index);

describe('a seed', () => {
  it.each(seeds)('%i gives the same events each time', async (seed) => {
    const plan = drawPlan(seed, { chaosMs: 6_000 });
    const [first, second] = [await runPlan(plan), await runPlan(drawPlan(seed, { chaosMs: 6_000 }))];
    expect(second.hash).toBe(first.hash);
    expect(second.tally).toEqual(first.tally);
    expect(first.violation).toBeUndefined();
  });

  it('gives other events than the next one', async () => {
    const [one, other] = [await runPlan(drawPlan(1, { chaosMs: 500 })), await runPlan(drawPlan(2, { chaosMs: 500 }))];
    expect(one.hash).not.toBe(other.hash);
  });
});
