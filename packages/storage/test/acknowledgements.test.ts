import { describe, expect, it } from 'vitest';
import type { ReplicaEffect } from '../src/index.ts';
import { record } from './records.ts';
import { deltaOf, digestOf, nodeId, originOf, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];

function acknowledged(effects: readonly ReplicaEffect[]): ReplicaEffect[] {
  return effects.filter(({ type }) => type === 'acknowledged');
}

describe('acknowledgements', () => {
  it('come when as many members hold the write, this one included', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.meet(bob);
    const seq = replica.put('\u0000k', 'v');
    const [one, two, three] = [1, 2, 3].map((needed) => replica.core.expect(seq, needed));
    expect(acknowledged(replica.turn())).toEqual([{ type: 'acknowledged', token: one, count: 1 }]);
    const request = replica.sole('delta');
    expect(acknowledged(replica.cover(request, 0))).toEqual([{ type: 'acknowledged', token: two, count: 2 }]);
    expect(acknowledged(replica.cover(request, 1))).toEqual([{ type: 'acknowledged', token: three, count: 3 }]);
    expect(replica.core.acknowledged(seq)).toBe(3);
  });

  it('come by any message that shows coverage: a digest too', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const seq = replica.put('\u0000k', 'v');
    const token = replica.core.expect(seq, 2);
    replica.turn();
    const [range] = deltaOf(replica.sole('delta')).ranges;
    if (range === undefined) throw new Error('no range');
    replica.ask(alice, digestOf(alice, { vector: [{ origin: range.origin, watermark: seq, intervals: [] }] }));
    expect(acknowledged(replica.effects)).toEqual([{ type: 'acknowledged', token, count: 2 }]);
  });

  it('wait for a member that was silent while its lacking write was overwritten elsewhere', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.meet(bob);
    const seq = replica.put('\u0000k', 'v');
    replica.turn();
    const request = replica.sole('delta');
    replica.cover(request, 0);
    replica.fail(request, 1);
    const overwriting = record('\u0000k', 1, { hlc: (replica.core.get('\u0000k', 0)?.hlc ?? 0) + 1 });
    replica.ask(alice, { kind: 'delta', ranges: [{ origin: originOf(8), from: 0, to: 1 }], records: [overwriting] });
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('never asked');
    replica.answer(asked, digestOf(bob));
    const [own] = replica.requests('delta');
    if (own === undefined) throw new Error('not sent again');
    const again = deltaOf(own);
    expect(again.ranges.map(({ from, to }) => [from, to])).toEqual([[0, seq]]);
    expect(again.records).toMatchObject([{ key: '\u0000k', origin: originOf(8) }]);
  });

  it('do not come when nobody waits any more', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const token = replica.core.expect(replica.put('\u0000k', 'v'), 2);
    replica.turn();
    const request = replica.sole('delta');
    replica.core.cancelExpect(token);
    expect(acknowledged(replica.cover(request))).toEqual([]);
  });

  it('count no peer that was left with neither a write nor what overwrote it', () => {
    const replica = new SingleReplica({ deltaBytes: 100, windowBytes: 1 });
    replica.meet(alice);
    replica.put('\u0000k', 'first');
    for (let index = 0; index < 9; index++) replica.put(`\u0000other ${String(index)}`, 'v');
    replica.put('\u0000k', 'second');
    replica.turn();
    const cut = replica.sole('delta');
    expect(deltaOf(cut).records.every(({ key }) => key !== '\u0000k')).toBe(true);
    replica.cover(cut);
    expect(replica.core.acknowledged(1)).toBe(1);
    while (replica.requests('delta').length > 0) replica.cover(replica.sole('delta'));
    expect(replica.core.acknowledged(1)).toBe(2);
  });

  it('wait for nothing else when a delta is cut among writes of different keys', () => {
    const replica = new SingleReplica({ deltaBytes: 100, windowBytes: 1 });
    replica.meet(alice);
    for (let index = 0; index < 9; index++) replica.put(`\u0000key ${String(index)}`, 'v');
    replica.turn();
    replica.cover(replica.sole('delta'));
    expect(replica.core.acknowledged(1)).toBe(2);
    expect(replica.core.acknowledged(9)).toBe(1);
  });

  it('mean that the peer holds what overwrote the write, when another node\u2019s write did so meanwhile', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.put('\u0000k', 'mine');
    const theirs = record('\u0000k', 1, { hlc: 8_000_000_000_000_000 });
    const delta = { kind: 'delta', ranges: [{ origin: originOf(8), from: 0, to: 1 }], records: [theirs] } as const;
    replica.ask(bob, delta);
    const { ranges, records } = deltaOf(replica.sole('delta'));
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([[0, 1]]);
    expect(records.map(({ origin }) => origin)).toEqual([originOf(8)]);
  });
});

describe('an own origin of which a peer holds more', () => {
  it('is given up before the next write, and what was written under it gets new dots', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const seq = replica.put('\u0000b', 'mine');
    const token = replica.core.expect(seq, 2);
    replica.turn();
    const { origin } = deltaOf(replica.sole('delta')).ranges[0] ?? {};
    if (origin === undefined) throw new Error('no range');
    replica.ask(alice, digestOf(alice, { vector: [{ origin, watermark: 5, intervals: [] }] }));
    expect(replica.notices('origin-changed')).toEqual([{ type: 'origin-changed', former: origin }]);
    const renewed = deltaOf(replica.sole('delta'));
    expect(renewed.ranges.map(({ from, to }) => [from, to])).toEqual([[0, 1]]);
    expect(renewed.ranges[0]?.origin).not.toBe(origin);
    expect(renewed.records.map(({ key, seq: number }) => [key, number])).toEqual([['\u0000b', 1]]);
    expect(acknowledged(replica.cover(replica.sole('delta')))).toEqual([{ type: 'acknowledged', token, count: 2 }]);
    // What the other one wrote is taken like all that others write.
    const lost = record('\u0000lost', 2, { origin, writer: nodeId(0) });
    const reply = replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 0, to: 5 }], records: [lost] });
    expect(reply).toMatchObject({ vector: [{ origin, watermark: 5 }] });
    expect(replica.core.get('\u0000lost', 0)?.seq).toBe(2);
  });

  it('a restarted replica never writes under an origin of its past, whatever the store holds', () => {
    const first = new SingleReplica();
    first.put('\u0000a', 'v');
    first.turn();
    const second = new SingleReplica({ store: first.store });
    second.put('\u0000b', 'v');
    expect(second.core.get('\u0000b', 0)?.seq).toBe(1);
    expect(second.core.get('\u0000b', 0)?.origin).not.toBe(first.core.get('\u0000a', 0)?.origin);
    second.store.apply({ removed: ['\u0000a', '\u0000b'] });
    const third = new SingleReplica({ store: second.store });
    third.put('\u0000c', 'v');
    expect(third.core.get('\u0000c', 0)?.seq).toBe(1);
  });

  it('a restarted replica keeps its counts, and its clock goes on above all that it issued', () => {
    const first = new SingleReplica();
    first.put('\u0000a', 'v');
    first.put('\u0000b', null);
    first.turn();
    const second = new SingleReplica({ store: first.store });
    expect([second.core.size, second.core.tombstones]).toEqual([1, 1]);
    second.put('\u0000c', 'v');
    expect(second.core.get('\u0000c', 0)?.hlc).toBeGreaterThan(first.core.get('\u0000a', 0)?.hlc ?? Infinity);
  });
});
