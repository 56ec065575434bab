import { newSecret } from '@simpledht/node';
import { seededRandom } from '@simpledht/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

/** Transport counters of all nodes, summed. */
function counted(name: string): number {
  return cluster.nodes.reduce((sum, node) => sum + (node.metrics()['transport']?.[name] ?? 0), 0);
}

describe('somebody who sees all datagrams and sends what it likes', () => {
  it.each([1, 2, 3, 4])('can do nothing to a cluster with a secret (seed %i)', async (seed) => {
    const secret = newSecret(seededRandom(seed));
    cluster = await createTestCluster(3, { seed, node: () => ({ secret }), faults: { lose: 0.02, reorder: 0.1 } });
    // Members that heard of each other meet a moment later: the link of each pair is counted on both sides.
    await cluster.until(() => counted('linksUp') >= 6);
    const [upBefore, downBefore] = [counted('linksUp'), counted('linksDown')];
    cluster.attack(2_000);
    for (let round = 0; round < 20; round++) {
      await cluster.settle(cluster.node(round % 3).put(`k${String(round % 7)}`, round, { acks: 'all' }));
      await cluster.advance(200);
    }
    await cluster.settle(cluster.node(1).delete('k0', { acks: 'all' }));
    await cluster.until(() => cluster.converged());
    cluster.checkInvariants();
    // It was noticed and changed nothing: no link was made for it and none ended by it.
    expect(cluster.attack(0)).toBeGreaterThan(5_000);
    expect(counted('dropped.tag') + counted('dropped.repeated') + counted('dropped.foreign')).toBeGreaterThan(500);
    expect([counted('linksUp'), counted('linksDown')]).toEqual([upBefore, downBefore]);
    expect([...cluster.node(2).keys()]).toEqual(['k1', 'k2', 'k3', 'k4', 'k5', 'k6']);
  });

  it.each([1, 2])('cannot make a cluster without one differ for good, nor crash it (seed %i)', async (seed) => {
    cluster = await createTestCluster(3, { seed });
    cluster.attack(2_000);
    for (let round = 0; round < 20; round++) {
      await cluster.settle(cluster.node(round % 3).put(`k${String(round % 7)}`, round));
      await cluster.advance(200);
    }
    cluster.attack(0);
    await cluster.formed();
    await cluster.until(() => cluster.converged());
    cluster.checkInvariants();
    expect([...cluster.node(1).keys()]).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6']);
  });
});
