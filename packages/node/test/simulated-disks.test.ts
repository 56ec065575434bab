import { afterEach, describe, expect, it } from 'vitest';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

describe('a disk of a simulated cluster', () => {
  it('that lies has lost its newest transactions after a kill, and the others bring them back', async () => {
    cluster = await createTestCluster(3, { disk: [1, 1] });
    for (const key of ['a', 'b', 'c']) await cluster.settle(cluster.node(2).put(key, 1, { acks: 'all' }));
    cluster.kill(2, 2);
    cluster.partition([0, 1], [2]);
    const back = await cluster.restart(2, { keepData: true });
    expect(back.size).toBeLessThan(3);
    cluster.heal();
    await cluster.until(() => cluster.converged() && back.size === 3);
    cluster.checkInvariants();
  });

  it('that is full refuses writes with ERR_STORE, tells nobody of them, and takes them when it has room', async () => {
    cluster = await createTestCluster(2, { disk: [1, 1] });
    const [errors, node] = [[] as Error[], cluster.node(0)];
    node.on('error', (error) => errors.push(error));
    cluster.fillDisk(0, true);
    await expect(cluster.settle(node.put('k', 1))).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(cluster.settle(node.put('l', 1))).rejects.toMatchObject({ code: 'ERR_STORE_FULL' });
    expect(cluster.node(1).size).toBe(0);
    expect(errors).not.toEqual([]);
    cluster.fillDisk(0, false);
    await cluster.settle(node.put('m', 1, { acks: 'all' }));
    await cluster.until(() => cluster.converged());
    expect([...cluster.node(1).keys()]).toEqual(['k', 'm']);
  });

  it('tells its watcher what is applied, kept and lost', async () => {
    const seen: string[] = [];
    const watchDisk = (index: number): object => ({
      applied: ({ records = [] }) => records.length > 0 && seen.push(`${String(index)} applied`),
      kept: (batches: readonly { records?: readonly unknown[] }[]) =>
        batches.some(({ records = [] }) => records.length > 0) && seen.push(`${String(index)} kept`),
      lost: (count: number) => seen.push(`${String(index)} lost ${String(count)}`),
    });
    cluster = await createTestCluster(1, { disk: [1, 1], watchDisk });
    await cluster.settle(cluster.node(0).put('k', 1));
    cluster.kill(0, 1);
    expect(seen).toEqual(['0 applied', '0 kept', '0 lost 1']);
  });
});

describe('a node of a simulated cluster', () => {
  it('that is slow answers late, in order', async () => {
    cluster = await createTestCluster(2);
    cluster.slow(1, 20);
    const begunMs = cluster.clock.monotonic();
    await cluster.settle(cluster.node(0).put('k', 1, { acks: 'all' }));
    expect(cluster.clock.monotonic() - begunMs).toBeGreaterThan(20);
    cluster.slow(1, 0);
    await cluster.until(() => cluster.converged());
  });

  it('whose way to another is clogged is heard later there', async () => {
    cluster = await createTestCluster(2);
    cluster.clog(0, 1, 300);
    const begunMs = cluster.clock.monotonic();
    void cluster.node(0).put('k', 1);
    await cluster.until(() => cluster.node(1).has('k'));
    expect(cluster.clock.monotonic() - begunMs).toBeGreaterThan(300);
  });

  it('that leaves is gone for the others, and can come back', async () => {
    cluster = await createTestCluster(3);
    await cluster.settle(cluster.leave(2));
    await cluster.until(() => cluster.node(0).info().alive === 2);
    await cluster.restart(2);
    await cluster.formed();
  });
});
