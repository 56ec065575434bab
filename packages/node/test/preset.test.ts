import { expect, it } from 'vitest';
import { createTestCluster } from '../src/testing/index.ts';

// Probe interval, time-out and suspicion of the preset together, see the protocol of membership.
it.each([
  ['local', 2, 9],
  ['lan', 2, 12],
  ['wan', 25, 60],
] as const)('with the preset %s a killed node is dead after %i to %i s', async (preset, leastS, mostS) => {
  await using cluster = await createTestCluster(3, { seed: 4, node: () => ({ preset }) });
  // Until all have met: who never spoke with a member cannot confirm that it is gone.
  await cluster.advance(20_000);
  await cluster.crash(2);
  await cluster.advance(leastS * 1000);
  expect(cluster.node(0).info().alive).toBe(3);
  await cluster.advance((mostS - leastS) * 1000);
  expect(cluster.node(0).info().alive).toBe(2);
});
