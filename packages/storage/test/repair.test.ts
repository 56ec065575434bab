import { limits, type Buckets, type Digest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { ContentSum } from '../src/content-sum.ts';
import { memoryStore } from '../src/index.ts';
import { differingBuckets, isInBuckets, Recount } from '../src/recount.ts';
import { areEqual } from './contents.ts';
import { record } from './records.ts';
import { SimulatedCluster, type SimulatedNode } from './simulated-cluster.ts';
import { agreeing, nodeId, pageRequest, SingleReplica } from './single-replica.ts';
import { wrapped } from './wrong-stores.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];

function counted(keys: readonly string[], most = 1_000): Recount {
  const store = memoryStore();
  store.apply({ records: keys.map((key) => record(key, 1)) });
  const recount = new Recount();
  while (!recount.advance(store, most));
  return recount;
}

/** Alice holds something else, three times in a row: the request for her sums. */
function diverged(replica: SingleReplica): void {
  replica.handle({ type: 'peer-up', peer: alice });
  for (let times = 0; times < 3; times++) replica.ask(alice, agreeing(replica, alice, { sumLow: 1 }));
}

function answer(sums: Uint8Array): Buckets {
  return { kind: 'buckets', sums };
}

describe('counting anew', () => {
  it('gives the same sums whatever is written meanwhile', () => {
    const store = memoryStore();
    const content = new ContentSum();
    const put = (key: string, seq: number, value: Uint8Array | null = Uint8Array.of(1)): void => {
      const next = record(key, seq, { value });
      content.replace(store.get(key), next);
      store.apply({ records: [next] });
    };
    for (let seq = 1; seq <= 10; seq++) put(`k${String(seq % 10)}`, seq);
    const recount = new Recount();
    content.follower = recount;
    expect(recount.advance(store, 4)).toBe(false);
    put('k0', 11);
    put('k2', 12, null);
    put('k7', 13, null);
    put('k8', 14);
    expect(recount.advance(store, 4)).toBe(false);
    put('k11', 15);
    put('k9', 16, null);
    expect([recount.advance(store, 100), recount.isDone]).toEqual([true, true]);
    put('k1', 17);
    const { live, tombstones, high, low } = content;
    expect(recount.figures).toMatchObject({ live, tombstones, high, low });
    const anew = new Recount();
    anew.advance(store, 100);
    expect(recount.sums()).toEqual(anew.sums());
  });

  it('in one go or in pieces, two equal maps have equal buckets', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${String(index)}`);
    expect(differingBuckets(counted(keys).sums(), counted(keys, 7).sums())).toBeUndefined();
  });

  it('one key that differs is one bucket that differs', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${String(index)}`);
    const buckets = differingBuckets(counted(keys).sums(), counted(keys.slice(0, 99)).sums());
    if (buckets === undefined) throw new Error('no difference');
    expect(buckets.reduce((sum, bits) => sum + bits.toString(2).replaceAll('0', '').length, 0)).toBe(1);
    expect(isInBuckets(buckets, 'k99')).toBe(true);
    expect(keys.filter((key) => isInBuckets(buckets, key)).length).toBeLessThan(5);
  });

  it('finds what the store lost silently, tells it, and corrects the figures', () => {
    const store = wrapped(() => ({ durable: true }), memoryStore());
    const replica = new SingleReplica({ store });
    for (const key of ['a', 'b', 'c']) replica.put(`\u0000${key}`, 'v');
    replica.turn();
    replica.store.apply({ removed: ['\u0000b'] });
    replica.pass(60_000);
    expect(replica.notices('damaged')).toEqual([{ type: 'damaged', expected: 3, found: 2 }]);
    expect(replica.core.size).toBe(2);
    replica.pass(60_000);
    expect(replica.notices('damaged')).toEqual([]);
    expect([replica.core.size, replica.core.counters['recounts']]).toEqual([2, 2]);
  });
});

describe('a store that keeps nothing', () => {
  it('is counted only when somebody compares, and then no more', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    replica.turn();
    expect(replica.core.deadline()).toBeUndefined();
    expect(replica.ask(bob, { kind: 'bucket-request' })).toEqual(answer(new Uint8Array(0)));
    replica.pass(10);
    const counted = replica.ask(bob, { kind: 'bucket-request' });
    expect(counted.kind === 'buckets' && counted.sums.length).toBe(limits.buckets * 8);
    replica.pass(600_000);
    expect([replica.core.counters['recounts'], replica.core.deadline()]).toEqual([1, undefined]);
  });
});

describe('a repair', () => {
  it('reads only the buckets that differ', () => {
    const replica = new SingleReplica();
    const keys = Array.from({ length: 50 }, (_, index) => `\u0000k${String(index)}`);
    for (const key of keys) replica.put(key, 'v');
    diverged(replica);
    const asked = replica.sole('bucket-request');
    replica.pass(10);
    const own = replica.ask(bob, { kind: 'bucket-request' });
    if (own.kind !== 'buckets' || own.sums.length === 0) throw new Error('not counted');
    const theirs = Uint8Array.from(own.sums);
    theirs[8 * 17 + 3] = (theirs[8 * 17 + 3] ?? 0) ^ 1;
    theirs[8 * 4_000] = (theirs[8 * 4_000] ?? 0) ^ 1;
    replica.answer(asked, answer(theirs));
    const { message } = replica.sole('page-request');
    const expected = new Uint8Array(limits.buckets / 8);
    expected[17 >> 3] = 1 << (17 & 7);
    expected[4_000 >> 3] = 1 << (4_000 & 7);
    expect(message).toMatchObject({ kind: 'page-request', after: '', buckets: expected });
  });

  it('reads nothing when the sums are the same after all', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    diverged(replica);
    const asked = replica.sole('bucket-request');
    replica.pass(10);
    const own = replica.ask(bob, { kind: 'bucket-request' });
    replica.answer(asked, own);
    expect(replica.requests()).toEqual([]);
  });

  it('asks again while the peer is still counting', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    diverged(replica);
    replica.answer(replica.sole('bucket-request'), answer(new Uint8Array(0)));
    const again = replica.pass(600).filter(({ message }) => message.kind === 'bucket-request');
    expect(again).toHaveLength(1);
  });

  it('never deletes what the peer does not have', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    replica.put('\u0000gone', null);
    replica.turn();
    const floors = [
      { origin: replica.store.get('\u0000k')?.origin ?? record('k', 1).origin, seq: 9, hlc: limits.maxClock },
    ];
    const { vector }: Pick<Digest, 'vector'> = agreeing(replica, alice);
    diverged(replica);
    const asked = replica.sole('bucket-request');
    replica.pass(10);
    replica.answer(asked, answer(new Uint8Array(limits.buckets * 8)));
    replica.answer(replica.sole('page-request'), {
      kind: 'page',
      ...{ vector, floors, retired: [], total: 0, after: '', reached: '', records: [], done: true },
    });
    expect(replica.notices('repaired')).toHaveLength(1);
    expect([replica.core.size, replica.core.counters['dropped']]).toEqual([1, 0]);
  });

  it('is served from the buckets that are asked for', () => {
    const replica = new SingleReplica();
    const keys = Array.from({ length: 50 }, (_, index) => `\u0000k${String(index)}`);
    for (const key of keys) replica.put(key, 'v');
    const buckets = differingBuckets(counted(keys).sums(), counted(keys.slice(2)).sums());
    if (buckets === undefined) throw new Error('no difference');
    const page = replica.ask(bob, { ...pageRequest('', 100_000), buckets });
    const wanted = keys.filter((key) => isInBuckets(buckets, key)).sort();
    expect(page.kind === 'page' && page.records.map(({ key }) => key)).toEqual(wanted);
    expect(wanted.length).toBeLessThan(10);
  });
});

describe('two replicas that lost different records', () => {
  function damage(node: SimulatedNode, key: string): void {
    node.store.apply({ removed: [key] });
  }

  it('bring them back to each other, and read no more than a few records for it', () => {
    const cluster = new SimulatedCluster({ size: 2, seed: 11, settings: { recountIntervalMs: 5_000 } });
    const [first, second] = [cluster.node(0), cluster.node(1)];
    cluster.connectAll();
    for (let index = 0; index < 200; index++) cluster.put(first, `\u0000k${String(index)}`, 'v');
    cluster.turn(first);
    if (!cluster.runUntil(() => areEqual(cluster), 10_000)) throw new Error('never equal');
    damage(first, '\u0000k7');
    damage(second, '\u0000k8');
    damage(second, '\u0000k9');
    expect(cluster.runUntil(() => areEqual(cluster) && first.store.size === 200, 120_000)).toBe(true);
    for (const node of [first, second]) {
      expect(node.notices.map(({ type }) => type)).toContain('damaged');
      expect([node.replica.size, node.replica.counters['dropped']]).toEqual([200, 0]);
    }
    expect(first.replica.counters['merged']).toBeLessThan(10);
  });
});
