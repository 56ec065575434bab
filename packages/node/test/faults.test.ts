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

describe('disks', () => {
  it('keep an acknowledged write through a crash, and lose one that was not flushed everywhere', async () => {
    await make(3, { disk: [50, 50] });
    await cluster.settle(cluster.node(2).put('flushed', 1));
    const lost = cluster.node(2).put('unflushed', 2);
    lost.catch(() => undefined);
    await cluster.advance(10);
    await cluster.crash(2);
    cluster.partition([0, 1], [2]);
    const back = await cluster.restart(2, { keepData: true });
    expect(back.getSync('flushed')).toBe(1);
    expect(back.has('unflushed')).toBe(false);
    await cluster.advance(1_000);
    expect(cluster.node(0).has('unflushed')).toBe(false);
    cluster.heal();
    await cluster.formed();
    await cluster.until(() => cluster.converged());
    cluster.checkInvariants();
  });

  it('that are put back from an old copy bring nothing back, and lose nothing that others have', async () => {
    await make(3, { disk: true });
    await cluster.settle(cluster.node(2).put('deleted later', 1, { acks: 'all' }));
    const copy = cluster.copyDisk(2);
    await cluster.settle(cluster.node(2).put('after the copy', 2, { acks: 'all' }));
    await cluster.settle(cluster.node(0).delete('deleted later', { acks: 'all' }));
    await cluster.crash(2);
    const back = await cluster.restart(2, { from: copy });
    expect(back.has('deleted later')).toBe(true);
    await cluster.settle(back.put('by the copy', 3, { acks: 'all' }));
    await cluster.formed();
    await cluster.until(() => cluster.converged());
    for (const node of cluster.nodes) {
      expect([...node.entries()]).toEqual([
        ['after the copy', 2],
        ['by the copy', 3],
      ]);
    }
    cluster.checkInvariants();
  });
});

describe('a process that stands still', () => {
  it('goes on where it stood, is told what it missed, and loses nothing', async () => {
    await make(3);
    cluster.pause(1);
    void cluster.node(1).put('written while standing', 1);
    for (let i = 0; i < 300; i++) await cluster.node(0).put(`key ${String(i)}`, i);
    await cluster.advance(1_500);
    expect(cluster.node(1).size).toBe(1);
    expect(cluster.node(0).has('written while standing')).toBe(false);
    cluster.resume(1);
    await cluster.until(() => cluster.converged() && cluster.node(1).size === 301);
    cluster.checkInvariants();
  });

  it('is declared dead after a while, and is alive again when it goes on', async () => {
    await make(3);
    cluster.pause(1);
    await cluster.until(() => cluster.node(0).info().alive === 2);
    cluster.resume(1);
    await cluster.formed();
  });
});

describe('wall clocks', () => {
  it('that are off and jump change nothing about who wins: the later write', async () => {
    await make(3);
    cluster.skew(1, -2_000);
    cluster.skew(2, 2_000);
    await cluster.settle(cluster.node(2).put('k', 'first, by the fast clock', { acks: 'all' }));
    await cluster.settle(cluster.node(1).put('k', 'second, by the slow clock', { acks: 'all' }));
    cluster.skew(1, 2_000);
    await cluster.settle(cluster.node(1).put('k', 'third', { acks: 'all' }));
    cluster.skew(1, -2_000);
    await cluster.settle(cluster.node(1).put('k', 'fourth', { acks: 'all' }));
    await cluster.until(() => cluster.converged());
    expect(cluster.node(0).getSync('k')).toBe('fourth');
    cluster.checkInvariants();
  });
});

describe('checkInvariants', () => {
  it('names the key on which nodes do not agree', async () => {
    await make(2);
    cluster.partition([0], [1]);
    await cluster.node(0).put('split', 'here');
    expect(() => {
      cluster.checkInvariants();
    }).toThrow(/for split, and node .* has nothing/);
  });
});
