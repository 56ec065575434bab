import { limits, type Delta } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { DeltaBuilder } from '../src/delta.ts';
import { memoryStore } from '../src/index.ts';
import { OriginCover } from '../src/origin-cover.ts';
import { record } from './records.ts';
import { agreeing, coveredTo, nodeId, originOf, said, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const origin = originOf(1);
const patience = { unsettledPatienceMs: 5_000, repairIntervalMs: 1_000 };

/** A delta that speaks for writes 1 to 4 of Alice, of which the last is behind a later one that has not come. */
function cut(more: number | undefined): Delta {
  const range = { origin, from: 0, to: 4, ...(more === undefined ? {} : { more }) };
  return { kind: 'delta', ranges: [range], records: [record('\0a', 3, { origin })] };
}

/** Two peers are there, and Alice has sent that delta. */
function unsettled(more: ConstructorParameters<typeof SingleReplica>[0] = {}): SingleReplica {
  const replica = new SingleReplica({ ...patience, ...more });
  for (const peer of [alice, bob]) replica.meet(peer, { ready: true });
  expect(replica.ask(alice, cut(2))).toMatchObject({ kind: 'covered', unsettled: true });
  return replica;
}

describe('a delta that is cut', () => {
  const store = memoryStore();
  const cover = new OriginCover();
  cover.cover({ from: 0, to: 6 });
  // 1 was overwritten by 5; 4 by somebody else, or it was purged.
  for (const seq of [2, 3, 5, 6]) store.apply({ records: [record(`\0${String(seq)}`, seq, { origin })] });
  const ranges = (from: number, to: number, maxBytes = 1_000): readonly Delta['ranges'][number][] => {
    const builder = new DeltaBuilder(store, maxBytes);
    builder.add(origin, { from, to }, [], cover);
    return builder.ranges;
  };

  it('says how much follows, if something in it is dead, and nothing otherwise', () => {
    expect(ranges(0, 3)).toEqual([{ origin, from: 0, to: 3, more: 3 }]);
    expect(ranges(1, 3)).toEqual([{ origin, from: 1, to: 3 }]);
    expect(ranges(3, 5)).toEqual([{ origin, from: 3, to: 5, more: 1 }]);
    expect(ranges(0, 6)).toEqual([{ origin, from: 0, to: 6 }]);
    expect(ranges(0, 6, 1)).toEqual([{ origin, from: 0, to: 2, more: 4 }]);
  });
});

describe('who relays what another wrote', () => {
  it('says so as its owner does', () => {
    const replica = new SingleReplica({ ...patience, deltaBytes: 1 });
    const records = [2, 3, 4].map((seq) => record(`\0${String(seq)}`, seq, { origin }));
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 4 }], records });
    replica.handle({ type: 'peer-up', peer: alice });
    replica.ask(alice, agreeing(replica, alice, { ready: false, vector: [coveredTo(originOf(3), 1)] }));
    const sent = replica.requests('delta').map(({ message }) => (message.kind === 'delta' ? message.ranges : []));
    expect(sent[0]).toEqual([{ origin, from: 0, to: 2, more: 2 }]);
    expect(sent[1]).toEqual([{ origin, from: 2, to: 3 }]);
  });
});

describe('who covers what it may not hold', () => {
  it('says so until the rest has come', () => {
    const replica = unsettled();
    expect(said(replica).unsettled).toBe(true);
    const rest = (from: number, to: number): Delta => ({ kind: 'delta', ranges: [{ origin, from, to }], records: [] });
    expect(replica.ask(alice, rest(5, 6))).toMatchObject({ unsettled: true });
    expect(replica.ask(alice, rest(4, 5))).toMatchObject({ unsettled: false });
    expect(said(replica).unsettled).toBe(false);
  });

  it('does not when nothing in the delta is dead', () => {
    const replica = new SingleReplica(patience);
    replica.meet(alice);
    expect(replica.ask(alice, cut(undefined))).toMatchObject({ unsettled: false });
  });

  it('still knows it in the next life of its store', () => {
    const store = Object.assign(memoryStore(), { durable: true });
    unsettled({ store });
    expect(said(new SingleReplica({ store, seed: 2 })).unsettled).toBe(true);
  });

  it('compares its map with every ready peer when the rest does not come, and is settled then', () => {
    const replica = unsettled();
    replica.core.flush(replica.now);
    const asked: string[] = [];
    for (let round = 0; round < 40 && said(replica).unsettled; round++) {
      for (const request of replica.pass(500)) {
        if (request.message.kind === 'bucket-request') {
          asked.push(...request.targets.map(({ peer }) => peer));
          replica.answer(request, { kind: 'buckets', sums: sumsOf(replica) });
        } else if (request.message.kind === 'digest')
          replica.answer(request, agreeing(replica, request.targets[0]?.peer ?? alice));
      }
      if (replica.nowMs < patience.unsettledPatienceMs) expect(asked).toEqual([]);
    }
    expect(new Set(asked)).toEqual(new Set([alice, bob]));
    expect(said(replica).unsettled).toBe(false);
  });
});

describe('a tombstone is not purged', () => {
  function deleter(): SingleReplica {
    const replica = new SingleReplica(patience);
    replica.put('\0k', 'v');
    replica.put('\0k', null);
    replica.turn();
    replica.nowMs += 1;
    return replica;
  }

  it('while a member covers what it may not hold', () => {
    const replica = deleter();
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), agreeing(replica, alice, { unsettled: true }));
    replica.pass(3_000);
    expect(replica.core.tombstones).toBe(1);
    replica.ask(alice, agreeing(replica, alice));
    replica.pass(3_000);
    expect(replica.core.tombstones).toBe(0);
  });

  it('while this node does', () => {
    const replica = deleter();
    replica.meet(alice);
    replica.ask(alice, cut(2));
    replica.ask(alice, agreeing(replica, alice, { unsettled: false }));
    replica.pass(3_000);
    expect(replica.core.tombstones).toBe(1);
    replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 4, to: 6 }], records: [] });
    replica.ask(alice, agreeing(replica, alice));
    replica.pass(3_000);
    expect(replica.core.tombstones).toBe(0);
  });
});

describe('a loose record that is covered', () => {
  it('does not come back over an older one when a tombstone that was purged may have deleted it', () => {
    const replica = new SingleReplica(patience);
    const purged = replica.put('\0other', 'v');
    replica.put('\0other', null);
    replica.turn();
    replica.nowMs += 1;
    replica.pass(3_000);
    expect([purged, replica.core.tombstones]).toEqual([1, 0]);
    replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 0, to: 2 }], records: [] });
    const old = record('\0k', 3, { origin: originOf(2), hlc: 5 });
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: originOf(2), from: 2, to: 3 }], records: [old] });
    const late = record('\0k', 1, { origin, hlc: 7 });
    replica.ask(bob, { kind: 'delta', ranges: [], records: [late] });
    expect(replica.store.get('\0k')?.hlc).toBe(5);
    // Newer than all that was purged.
    const sure = record('\0k', 2, { origin, hlc: Number.MAX_SAFE_INTEGER - 1 });
    replica.ask(bob, { kind: 'delta', ranges: [], records: [sure] });
    expect(replica.store.get('\0k')?.hlc).toBe(sure.hlc);
  });
});

/** The same sums as the replica's own, as a peer with an equal map would give them. */
function sumsOf(replica: SingleReplica): Uint8Array {
  for (let tries = 0; tries < 50; tries++) {
    const reply = replica.ask(nodeId(7), { kind: 'bucket-request' });
    if (reply.kind === 'buckets' && reply.sums.length === limits.buckets * 8) return reply.sums;
    replica.nowMs += 5;
    replica.handle({ type: 'tick' });
  }
  throw new Error('no sums');
}
