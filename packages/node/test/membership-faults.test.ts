import { afterEach, describe, expect, it } from 'vitest';
import { createTestCluster, type TestCluster, type TestClusterOptions } from '../src/testing/index.ts';
import { MembershipChaos } from './support/membership-chaos.ts';

/* Whole nodes lose and find each other. Cores alone, and many of them: packages/membership/test. */

const seeds = Number(process.env['SIMPLEDHT_CHAOS_SEEDS'] ?? 10);
/** Longer than every time-out: whoever does not hear somebody for so long has declared it dead, and dials at its slowest pace. */
const foreverMs = 90_000;

let cluster: TestCluster;

async function make(size: number, options?: TestClusterOptions): Promise<TestCluster> {
  cluster = await createTestCluster(size, options);
  return cluster;
}

async function agreed(): Promise<void> {
  await cluster.healed();
  await cluster.until(() => cluster.converged(), 15_000);
  cluster.checkInvariants();
}

afterEach(async () => {
  await cluster.stop();
}, 60_000);

describe('after any sequence of faults', { timeout: 60_000 }, () => {
  it.each(Array.from({ length: seeds }, (_, index) => index + 1))(
    'everyone holds everyone alive within 60 s, and all hold the same: seed %i',
    async (seed) => {
      await make(4 + (seed % 3), { seed });
      const chaos = new MembershipChaos(cluster, seed);
      await chaos.run(15);
      await chaos.calm();
      await agreed();
      await cluster.advance(30_000);
      expect(cluster.whole()).toBe(true);
    },
  );
});

describe('partitions that outlast every time-out', { timeout: 60_000 }, () => {
  it.each([
    ['with the first node, whose name everyone dials', true],
    ['without it, so that the dead are dialled', false],
  ])('halves %s: both sides write, and are one within 60 s', async (_, up) => {
    await make(6);
    if (!up) await cluster.crash(0);
    cluster.partition(up ? [0, 1, 2] : [1, 2], [3, 4, 5]);
    await cluster.advance(foreverMs);
    expect(cluster.node(1).info().alive).toBe(up ? 3 : 2);
    expect(cluster.node(5).info().alive).toBe(3);
    await cluster.node(1).put('of one side', 1);
    await cluster.node(5).put('of the other', 2);
    cluster.heal();
    await agreed();
    expect(cluster.node(1).getSync('of the other')).toBe(2);
    expect(cluster.node(5).getSync('of one side')).toBe(1);
  });

  it('and the memory of those who have no disk: halves that forgot each other', async () => {
    await make(4);
    await cluster.crash(0);
    cluster.partition([1, 2], [3]);
    await cluster.advance(15 * 60_000);
    expect(cluster.node(3).peers).toEqual([]);
    await cluster.node(3).put('of one side', 1);
    await cluster.node(1).put('of the other', 2);
    cluster.heal();
    await agreed();
    expect(cluster.node(3).getSync('of the other')).toBe(2);
    expect(cluster.node(2).getSync('of one side')).toBe(1);
  });

  it('one-way: who is heard and does not hear, and the reverse', async () => {
    await make(5);
    for (const [senders, receivers] of [
      [
        [0, 1],
        [2, 3, 4],
      ],
      [
        [2, 3, 4],
        [0, 1],
      ],
      [[4], [0, 1, 2, 3]],
    ] as const) {
      cluster.partitionOneWay(senders, receivers);
      await cluster.advance(foreverMs);
      expect(cluster.whole()).toBe(false);
      await cluster.node(0).put(`while ${senders.join()} are not heard`, 1);
      cluster.heal();
      await agreed();
    }
  });

  it.each(['bridge', 'ring'] as const)('%s: nobody who is heard by others is lost for good', async (shape) => {
    await make(5);
    if (shape === 'ring') cluster.ring();
    else cluster.bridge([0, 1], [3, 4]);
    await cluster.advance(foreverMs);
    await cluster.node(0).put('k', 1);
    await cluster.until(() => cluster.converged(), 30_000);
    cluster.heal();
    await agreed();
  });
});

describe('a node that has not found the others yet', () => {
  it.each([false, true])('remembers what it deleted until they meet (on disk: %s)', async (disk) => {
    await make(3, { disk });
    await cluster.settle(cluster.node(0).put('k', 'older'));
    await cluster.settle(cluster.node(0).put('k', 'old', { acks: 'all' }));
    cluster.cut((from, to) => from > 2 || to > 2);
    const late = await cluster.add();
    cluster.cut((from, to) => from > 2 !== to > 2);
    await cluster.settle(late.ready());
    await cluster.settle(late.put('k', 'new'));
    await cluster.settle(late.delete('k'));
    await cluster.advance(120_000);
    cluster.heal();
    await agreed();
    expect(cluster.nodes.map((node) => node.has('k'))).toEqual([false, false, false, false]);
    // Nobody is looked for any more.
    await cluster.advance(60_000);
    expect(cluster.nodes.map((node) => node.info().tombstones)).toEqual([0, 0, 0, 0]);
  });
});

describe('addresses', () => {
  it('that change while a process runs: it is found at the new one, the first node too', async () => {
    await make(4);
    for (const index of [2, 0]) {
      const before = cluster.addressOf(index);
      await cluster.move(index);
      await cluster.node(index).put(`moved ${String(index)}`, 1);
      await agreed();
      expect(cluster.addressOf(index)).not.toBe(before);
    }
  });

  it('of a process that is started anew elsewhere: what was on its way to the old one comes to the new one soon', async () => {
    await make(2);
    await cluster.settle(cluster.node(0).put('first', 0, { acks: 'all' }));
    await cluster.crash(1);
    await cluster.node(0).put('sent to nobody', 1);
    await cluster.advance(500);
    const back = await cluster.restart(1, { keepData: true, moved: true });
    await cluster.until(() => back.getSync('sent to nobody') === 1, 3_000);
    await agreed();
  });

  it('of a process that is started anew elsewhere, with its data and without', async () => {
    await make(4);
    await cluster.node(3).put('k', 1);
    for (const keepData of [true, false]) {
      const { id } = cluster.node(3);
      await cluster.advance(2_000);
      await cluster.crash(3);
      await cluster.restart(3, { keepData, moved: true });
      await cluster.formed();
      expect(cluster.node(3).id === id).toBe(keepData);
      await agreed();
    }
  });
});

describe('without faults nobody is declared dead', () => {
  it('of 100 nodes in one process, for two minutes', { timeout: 120_000 }, async () => {
    await make(100);
    await cluster.advance(60_000);
    // By now the news of the last to come is spread to its end.
    const before = cluster.network.counters;
    await cluster.advance(60_000);
    const { datagrams } = cluster.network.counters;
    expect(cluster.falseDeaths).toEqual([]);
    expect(cluster.whole()).toBe(true);
    // An idle node says little, whatever their number.
    expect((datagrams - before.datagrams) / 60 / 100).toBeLessThan(3);
  });

  it('and falseDeaths tells of one that was', async () => {
    await make(3);
    cluster.partition([0, 1], [2]);
    await cluster.advance(foreverMs);
    const [first, second, third] = cluster.nodes.map(({ id }) => id);
    expect(cluster.falseDeaths.map(({ by, of }) => [by, of])).toEqual(
      expect.arrayContaining([
        [first, third],
        [second, third],
        [third, first],
        [third, second],
      ]),
    );
  });
});
