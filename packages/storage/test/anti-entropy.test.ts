import type { Digest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { limits } from '@simpledht/wire';
import { record } from './records.ts';
import { deltaOf, digestOf, nodeId, originOf, SingleReplica } from './single-replica.ts';
import { wrapped } from './wrong-stores.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];

/** What the replica says of itself, as if a peer said the same. */
function mirror(replica: SingleReplica): Digest {
  const reply = replica.ask(bob, digestOf(bob, { ready: true }));
  if (reply.kind !== 'digest') throw new Error('no digest');
  return { ...reply, from: alice, origin: '' };
}

describe('digests', () => {
  it('go to a random peer every 2 s, back off to 15 s while equal, and come back when something changes', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const gaps: number[] = [];
    let last = replica.nowMs;
    const observe = (durationMs: number): void => {
      for (let passed = 0; passed < durationMs; passed += 100) {
        for (const request of replica.pass(100)) {
          gaps.push(replica.nowMs - last);
          last = replica.nowMs;
          replica.answer(request, mirror(replica));
        }
      }
    };
    observe(120_000);
    expect(gaps[0]).toBeLessThan(6_000);
    expect(Math.min(...gaps.slice(-3))).toBeGreaterThan(11_000);
    expect(Math.max(...gaps)).toBeLessThan(19_000);
    gaps.length = 0;
    replica.put('\u0000k', 'v');
    replica.turn();
    replica.cover(replica.sole('delta'));
    last = replica.nowMs;
    observe(5_000);
    expect(gaps[0]).toBeLessThan(2_700);
  });

  it('whoever starts a round brings the other what it lacks of origins whose owners are gone', () => {
    const replica = new SingleReplica();
    const range = { origin: originOf(8), from: 0, to: 3 };
    replica.ask(bob, { kind: 'delta', ranges: [range], records: [record('\u0000a', 2), record('\u0000b', 3)] });
    replica.meet(alice);
    expect(replica.requests('delta')).toEqual([]);
    const [round] = replica.pass(3_000);
    if (round === undefined) throw new Error('no round');
    replica.answer(round, digestOf(alice));
    expect(deltaOf(replica.sole('delta'))).toMatchObject({ ranges: [range], records: [{ seq: 2 }, { seq: 3 }] });
    replica.cover(replica.sole('delta'));
    expect(replica.core.peers()).toMatchObject([{ peer: alice, inSync: true, behind: 0 }]);
  });

  it('brings intervals beyond a gap too: their owner may never come back', () => {
    const replica = new SingleReplica();
    const ranges = [
      { origin: originOf(8), from: 0, to: 1 },
      { origin: originOf(8), from: 4, to: 5 },
    ];
    replica.ask(bob, { kind: 'delta', ranges, records: [record('\u0000a', 1), record('\u0000b', 5)] });
    replica.meet(alice);
    const [round] = replica.pass(3_000);
    if (round === undefined) throw new Error('no round');
    replica.answer(round, digestOf(alice));
    expect(deltaOf(replica.sole('delta')).ranges).toEqual(ranges);
  });

  it('leaves to a live owner what it has on the way', () => {
    const replica = new SingleReplica();
    const origin = originOf(2, 7);
    replica.meet(alice);
    replica.meet(bob, { origin, vector: [{ origin, watermark: 1, intervals: [] }] });
    const [round] = replica.pass(3_000);
    if (round === undefined) throw new Error('no round');
    replica.ask(bob, {
      kind: 'delta',
      ranges: [{ origin, from: 0, to: 1 }],
      records: [record('\u0000a', 1, { origin })],
    });
    replica.answer(round, digestOf(alice, { origin: originOf(1) }));
    expect(replica.requests('delta')).toEqual([]);
  });

  it('tells once when a peer holds the same', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    replica.handle({ type: 'peer-up', peer: alice });
    const asked = replica.sole('digest');
    replica.answer(asked, mirror(replica));
    expect(replica.notices('synced')).toEqual([{ type: 'synced', peer: alice }]);
    replica.ask(alice, mirror(replica));
    expect(replica.notices('synced')).toEqual([]);
  });
});

describe('repair', () => {
  it('reads and merges the map of a peer that covers the same and differs again and again', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', 'v');
    replica.handle({ type: 'peer-up', peer: alice });
    const other = { ...mirror(replica), sumLow: 1 };
    replica.ask(alice, other);
    expect(replica.notices('divergence')).toEqual([]);
    replica.ask(alice, other);
    replica.ask(alice, other);
    expect(replica.notices('divergence')).toEqual([{ type: 'divergence', peer: alice }]);
    const sums = new Uint8Array(limits.buckets * 8).fill(1, 0, 8);
    replica.answer(replica.sole('bucket-request'), { kind: 'buckets', sums });
    const [asked] = replica.pass(10);
    if (asked?.message.kind !== 'page-request') throw new Error('no page was asked for');
    // The first bucket, whose sum differs, and the bucket of the own key, of which the peer has none.
    expect(asked.message.buckets[0]).toBe(1);
    const lost = record('\u0000lost', 4);
    const said = { vector: [], floors: [], retired: [], total: 1 };
    replica.answer(asked, { kind: 'page', ...said, after: '', reached: lost.key, records: [lost], done: true });
    expect(replica.notices('repaired')).toEqual([{ type: 'repaired', peer: alice }]);
    expect(replica.core.get('\u0000lost', 0)?.seq).toBe(4);
    // Of what a repair brings the dots are covered, and nothing else.
    const brought = { origin: lost.origin, watermark: 0, intervals: [[4, 4]] };
    expect(mirror(replica).vector).toEqual([...other.vector, brought]);
    replica.ask(alice, { ...other, sumLow: 2 });
    expect(replica.requests('bucket-request')).toEqual([]);
  });

  it('counts anew what a durable store holds: one that lost a record had sums that spoke of it', () => {
    const replica = new SingleReplica({ store: wrapped(() => ({ durable: true })) });
    replica.put('\u0000a', 'v');
    replica.put('\u0000b', 'v');
    replica.handle({ type: 'peer-up', peer: alice });
    const whole = mirror(replica);
    replica.store.apply({ removed: ['\u0000a'] });
    expect(replica.core.size).toBe(2);
    replica.pass(60_000);
    expect(replica.core.size).toBe(1);
    expect([mirror(replica).count, whole.count]).toEqual([1, 2]);
  });
});
