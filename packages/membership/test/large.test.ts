import { describe, expect, it } from 'vitest';
import { runLarge, type LargeResult } from './large/run.ts';
import { deaths, falselyDead, part } from './large/table.ts';

const seeds = [1, 2, 3];

/* Longer, and with more nodes: npm run simulate:membership. Bounds are the goals, not what is usual (docs/membership.md). */
describe.each([
  { nodes: 3, loss: 0.1 },
  { nodes: 10, loss: 0.1 },
  { nodes: 100, loss: 0.1 },
])('$nodes nodes that lose $loss of their datagrams', ({ nodes, loss }) => {
  const results: LargeResult[] = [];

  it.each(seeds)(
    'live through a quiet time, a join, a death and a partition: seed %i',
    { timeout: 600_000 },
    (seed) => {
      results.push(runLarge({ nodes, loss, seed, quietMinutes: 2, apartMinutes: 1 }));
    },
  );

  it('hold the killed dead within 15 s, 99 of 100 of them, and all in the end', () => {
    expect(deaths(results).length).toBe(seeds.length * nodes * Math.max(1, Math.round(nodes / 100)));
    expect(part(deaths(results), 0.99)).toBeLessThanOrEqual(15_000);
    expect(part(deaths(results), 1)).toBeLessThanOrEqual(30_000);
  });

  it('hold nobody dead who lives in more than 0.1 % of the node-minutes', () => {
    expect(falselyDead(results)).toBeLessThan(0.001);
  });

  it('know a newcomer, and are one again after halves were apart, within 60 s', () => {
    for (const { joinedMs, joinWholeMs, healedMs } of results) {
      expect(joinedMs).toHaveLength(nodes);
      expect(joinWholeMs).toBeLessThanOrEqual(10_000);
      expect(healedMs).toBeLessThanOrEqual(60_000);
    }
  });
});

it('without faults there is no suspicion, and an idle node sends two packets a second', { timeout: 600_000 }, () => {
  const { quiet } = runLarge({ nodes: 100, loss: 0, seed: 1, quietMinutes: 5, apartMinutes: 0 });
  expect(quiet).toMatchObject({ suspicions: 0, falseDeaths: 0, falselyDeadMinutes: 0 });
  expect(quiet.packets).toBeLessThanOrEqual(2.1);
  expect(quiet.bytes).toBeLessThanOrEqual(400);
});
