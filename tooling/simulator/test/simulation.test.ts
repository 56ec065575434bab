import { describe, expect, it } from 'vitest';
import { explain } from '../src/explain.ts';
import { drawPlan } from '../src/plan/draw.ts';
import { runPlan } from '../src/run/run.ts';

/** More by `npm run simulate -- --seeds 5000`. */
const seeds = 100;
const perTest = 10;

describe('whole clusters under every fault', () => {
  it.each(Array.from({ length: seeds / perTest }, (_, index) => 1 + index * perTest))(
    'hold what is promised, from seed %i on',
    async (from) => {
      for (let seed = from; seed < from + perTest; seed++) {
        const plan = drawPlan(seed);
        const { violation } = await runPlan(plan);
        if (violation !== undefined) expect.fail(await explain(plan, `npm run simulate -- --seed ${String(seed)}`, 60));
      }
    },
    600_000,
  );
});
