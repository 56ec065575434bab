import { afterEach, describe, expect, it } from 'vitest';
import { createTestCluster, type TestCluster, type TestClusterOptions } from '../src/testing/index.ts';

let cluster: TestCluster;

async function make(size: number, options?: TestClusterOptions): Promise<TestCluster> {
  cluster = await createTestCluster(size, options);
  return cluster;
}

afterEach(async () => {
  await cluster.stop();
});

describe('a cluster', () => {
  it('has every write on every node', async () => {
    await make(3);
    await cluster.node(0).put('a', 1);
    await cluster.node(1).put('b', { deep: [true, null] });
    await cluster.settle(cluster.node(2).put('c', 'x', { acks: 'all' }));
    await cluster.advance(100);
    for (const node of cluster.nodes)
      expect([...node.entries()]).toEqual([
        ['a', 1],
        ['b', { deep: [true, null] }],
        ['c', 'x'],
      ]);
  });

  it('lets a newcomer have everything before it is ready, and write', async () => {
    await make(2);
    for (let i = 0; i < 500; i++) await cluster.node(i % 2).put(`key ${String(i)}`, i);
    const late = await cluster.add();
    await cluster.settle(late.ready());
    expect(late.size).toBe(500);
    await cluster.settle(late.put('from the newcomer', true, { acks: 'all' }));
    expect(cluster.node(0).getSync('from the newcomer')).toBe(true);
  });

  it('asks the others for what it does not have yet, and keeps what they tell', async () => {
    await make(2, { delayMs: [20, 20] });
    for (let i = 0; i < 20_000; i++) void cluster.node(0).put(`key ${String(i)}`, 'x'.repeat(100));
    await cluster.until(() => cluster.node(1).size === 20_000);
    const late = await cluster.add();
    await cluster.until(() => late.info().alive > 1);
    expect(late.info().ready).toBe(false);
    expect(late.getSync('key 9999')).toBeUndefined();
    expect(await cluster.settle(late.get('key 9999'))).toBe('x'.repeat(100));
    expect(late.info().ready).toBe(false);
    expect(late.getSync('key 9999')).toBe('x'.repeat(100));
    expect(await cluster.settle(late.get('nowhere'))).toBeUndefined();
    await cluster.settle(late.ready());
  });

  it('agrees after a partition longer than every time-out, with writes on both sides', async () => {
    await make(5);
    cluster.partition([0, 1], [2, 3, 4]);
    await cluster.until(() => cluster.node(0).info().alive === 2 && cluster.node(3).info().alive === 3);
    await cluster.node(0).put('left', 1);
    await cluster.node(4).put('right', 2);
    await cluster.node(1).put('both', 'from the left');
    await cluster.advance(1000);
    await cluster.node(3).put('both', 'from the right');
    cluster.heal();
    await cluster.until(() => cluster.nodes.every((node) => node.info().alive === 5), 60_000);
    await cluster.until(() => cluster.converged() && cluster.nodes.every((node) => node.size === 3), 60_000);
    expect(cluster.node(0).getSync('both')).toBe('from the right');
  });

  it('notices a death, and takes the process back when it returns empty', async () => {
    await make(3);
    await cluster.node(2).put('kept by the others', 1);
    await cluster.advance(100);
    await cluster.crash(2);
    await cluster.until(() => cluster.node(0).info().alive === 2 && cluster.node(1).info().alive === 2, 20_000);
    const back = await cluster.restart(2);
    await cluster.settle(back.ready());
    expect(back.getSync('kept by the others')).toBe(1);
    await cluster.formed();
  });

  it('gives a node that returns with its data only what it missed', async () => {
    await make(3);
    for (let i = 0; i < 200; i++) await cluster.node(0).put(`old ${String(i)}`, 'x'.repeat(100));
    await cluster.advance(1000);
    await cluster.crash(2);
    await cluster.node(0).put('new', 1);
    await cluster.node(1).delete('old 7');
    const { id } = cluster.node(2);
    const before = cluster.network.counters.bytes;
    const back = await cluster.restart(2, { keepData: true });
    expect(back.id).toBe(id);
    await cluster.settle(back.ready());
    await cluster.until(() => cluster.converged());
    expect(back.getSync('new')).toBe(1);
    expect(back.has('old 7')).toBe(false);
    expect(cluster.network.counters.bytes - before).toBeLessThan(20_000);
  });

  it('says goodbye: the others know at once', async () => {
    await make(3);
    const heard: string[] = [];
    cluster.node(0).on('peer-left', (peer, reason) => heard.push(`${peer.id} ${reason}`));
    const { id } = cluster.node(2);
    await cluster.stopNode(2);
    expect(heard).toEqual([`${id} left`]);
    expect(cluster.node(1).info().alive).toBe(2);
  });

  it('deletes everywhere, and a node that was away does not bring the key back', async () => {
    await make(3);
    await cluster.settle(cluster.node(0).put('k', 1, { acks: 'all' }));
    cluster.partition([0, 1], [2]);
    expect((await cluster.node(0).delete('k')).existed).toBe(true);
    await cluster.advance(60_000);
    cluster.heal();
    await cluster.until(() => !cluster.node(2).has('k'), 90_000);
    await cluster.advance(30_000);
    for (const node of cluster.nodes) expect(node.has('k')).toBe(false);
  });

  it.each([1, 2, 3, 4, 5])(
    'joins and converges through loss, duplication and reordering of a fifth each (seed %i)',
    async (seed) => {
      await make(2, { seed });
      for (let i = 0; i < 1000; i++)
        await cluster.node(i % 2).put(`key ${String(i)}`, { i, text: 'x'.repeat(i % 300) });
      cluster.setFaults({ lose: 0.2, duplicate: 0.2, reorder: 0.2 });
      const late = await cluster.add();
      await cluster.settle(late.ready());
      await cluster.until(() => late.size === 1000 && cluster.converged());
    },
  );

  it('behaves the same for the same seed', async () => {
    const runs: string[] = [];
    for (let run = 0; run < 2; run++) {
      await make(3, { seed: 42, faults: { lose: 0.1, delayMs: [0, 10] } });
      const log: string[] = [];
      cluster.network.onDatagram = (from, to, bytes) =>
        log.push(`${String(cluster.clock.monotonic())} ${from} ${to} ${String(bytes.length)}`);
      await cluster.settle(cluster.node(0).put('a', 1, { acks: 'all' }));
      await cluster.advance(5000);
      await cluster.stop();
      runs.push(log.join('\n'));
    }
    expect(runs[0]).not.toBe('');
    expect(runs[1]).toBe(runs[0]);
  });
});
