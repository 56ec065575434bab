import { afterEach, describe, expect, it } from 'vitest';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

/* Everyone is told of one first node only, and that is gone: what they find each other by is the roster kept with the data. */
describe('a cluster that was off as a whole', () => {
  it.each([1, 2, 3])(
    'is one again without its first node, within 60 s, though some have moved: seed %i',
    async (seed) => {
      cluster = await createTestCluster(5, { seed, disk: true });
      await cluster.settle(cluster.node(4).put('k', 'kept', { acks: 'all' }));
      // Long enough for the roster to be written.
      await cluster.advance(30_000);
      for (let index = 0; index < 5; index++) await cluster.crash(index);
      await cluster.advance(3_600_000);
      for (let index = 1; index < 5; index++) await cluster.restart(index, { keepData: true, moved: index >= 3 });
      await cluster.healed();
      expect(cluster.live.map((node) => node.getSync('k'))).toEqual(['kept', 'kept', 'kept', 'kept']);
      expect(cluster.node(1).info().alive).toBe(4);
    },
  );
});
