import { encodeMessage, limits, type Origin } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { memoryStore, type StoredRecord } from '../src/index.ts';
import { DeltaBuilder } from '../src/delta.ts';
import { RangeIndex } from '../src/range-index.ts';
import { bytes, record } from './records.ts';
import { deltaOf, digestOf, nodeId, originOf, pageRequest, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const origin = originOf(8);

function big(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** As many origins of a stranger as asked, each with one number. */
function strangers(count: number): { origin: Origin; from: number; to: number }[] {
  return Array.from({ length: count }, (_, index) => ({ origin: originOf(99, index), from: 0, to: 1 }));
}

function flood(replica: SingleReplica, count: number): void {
  replica.ask(bob, { kind: 'delta', ranges: strangers(count), records: [] });
}

describe('a delta', () => {
  function builder(records: readonly StoredRecord[], maxBytes: number): DeltaBuilder {
    const store = memoryStore();
    store.apply({ records });
    return new DeltaBuilder(store, maxBytes);
  }

  it('ends before a record that passes its bound, and before numbers that nothing was seen of', () => {
    const delta = builder([record('a', 1), record('b', 3, { value: big(5_000) })], 1_000);
    expect(delta.add(origin, { from: 0, to: 3 })).toBe(1);
    expect([delta.isFull, delta.records.length, delta.ranges]).toEqual([true, 1, [{ origin, from: 0, to: 1 }]]);
  });

  it('takes a first record of any size, and no range after it', () => {
    const delta = builder([record('a', 1, { value: big(5_000) }), record('b', 1, { origin: originOf(9) })], 1_000);
    expect(delta.add(origin, { from: 0, to: 1 })).toBe(1);
    expect(delta.add(originOf(9), { from: 0, to: 1 })).toBe(0);
    expect(delta.ranges).toHaveLength(1);
  });

  it('ends before an overtaken write whose successor does not fit', () => {
    const value = big(400);
    const records = ['a', 'b', 'c'].map((key, at) => record(key, at + 1, { value, origin: originOf(9) }));
    const delta = builder([...records, record('d', 3)], 1_000);
    const overtaken = [
      { seq: 1, key: 'a' },
      { seq: 2, key: 'b' },
      { seq: 4, key: 'c' },
      { seq: 5, key: 'a' },
    ];
    expect(delta.add(origin, { from: 0, to: 5 }, overtaken)).toBe(3);
    expect(delta.records.map(({ key }) => key)).toEqual(['a', 'b', 'd']);
  });

  it('fits a message whatever the bound is set to: a small record, and one of the largest size', () => {
    const replica = new SingleReplica({ deltaBytes: 100_000_000, windowBytes: 100_000_000 });
    replica.meet(alice);
    replica.put('\u0000small', 'v'.repeat(100_000));
    const value = big(limits.maxValueBytes);
    replica.core.put({ key: '\u0000big', value, expiresAt: 0 }, replica.now.wallMs);
    replica.turn();
    const deltas = replica.requests('delta').map(deltaOf);
    expect(deltas.map(({ records }) => records.length)).toEqual([1, 1]);
    for (const delta of deltas) expect(encodeMessage(delta).length).toBeLessThanOrEqual(limits.maxMessageBytes);
  });

  it('has each record once, however many of its writes another node\u2019s overwrote', () => {
    const replica = new SingleReplica({ deltaBytes: 3_000 });
    replica.meet(alice);
    for (let index = 0; index < 20; index++) replica.put(`\u0000${String(index)}`, 'v');
    const hlc = (replica.core.get('\u00000', 0)?.hlc ?? 0) + 100;
    const records = Array.from({ length: 20 }, (_, index) =>
      record(`\u0000${String(index)}`, index + 1, { hlc, value: big(1_000) }),
    );
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 20 }], records });
    const deltas = replica.requests('delta').map(deltaOf);
    expect(deltas.map((delta) => delta.records.length)).toEqual(Array.from({ length: 10 }, () => 2));
    expect(new Set(deltas.flatMap((delta) => delta.records)).size).toBe(20);
  });
});

describe('a page', () => {
  it('fits a message with the largest value and a vector of thousands of origins', () => {
    const replica = new SingleReplica();
    flood(replica, 4_000);
    const ranges = Array.from({ length: 30 }, (_, at) => ({
      origin: originOf(99),
      from: 10 * at + 5,
      to: 10 * at + 6,
    }));
    replica.ask(bob, { kind: 'delta', ranges, records: [] });
    const value = big(limits.maxValueBytes);
    replica.core.put({ key: '\u0000big', value, expiresAt: 0 }, replica.now.wallMs);
    const page = replica.ask(alice, pageRequest('', 1_000));
    if (page.kind !== 'page') throw new Error('no page');
    expect(encodeMessage(page).length).toBeLessThanOrEqual(limits.maxMessageBytes);
    expect(page.vector.length).toBeGreaterThan(1_000);
    expect(page.records).toHaveLength(1);
  });
});

describe('a stranger\u2019s delta', () => {
  it('finds the ranges of its records whatever their order and overlap', () => {
    const index = new RangeIndex([
      { origin, from: 20, to: 30 },
      { origin, from: 0, to: 9 },
      { origin, from: 2, to: 4 },
    ]);
    const inside = [1, 3, 5, 9, 10, 20, 21, 30, 31].filter((seq) => index.has(record('k', seq)));
    expect(inside).toEqual([1, 3, 5, 9, 21, 30]);
    expect(index.has(record('k', 1, { origin: originOf(9) }))).toBe(false);
  });

  it('may bring 4,096 loose records; more are ignored', () => {
    const replica = new SingleReplica();
    const records = Array.from({ length: 5_000 }, (_, index) => record(`\u0000${String(index)}`, index + 1));
    replica.ask(bob, { kind: 'delta', ranges: [], records });
    expect([replica.core.size, replica.core.counters['ignored']]).toEqual([4_096, 904]);
  });

  it('leaves room in the vector for own origins', () => {
    const replica = new SingleReplica();
    flood(replica, 4_096);
    expect(replica.core.counters['refusedRanges']).toBe(64);
    expect(replica.put('\u0000mine', 'v')).toBe(1);
  });

  it('that claims more of the own origin is survived when no place is left for another', () => {
    const replica = new SingleReplica();
    flood(replica, 4_096);
    for (let claim = 0; claim < 100; claim++) {
      replica.put('\u0000mine', String(claim));
      replica.turn();
      const own = replica.core.get('\u0000mine', 0)?.origin ?? origin;
      replica.ask(bob, { kind: 'delta', ranges: [{ origin: own, from: 0, to: 999 + claim }], records: [] });
      replica.nowMs += 60_000;
    }
    expect(replica.core.counters['originChanges']).toBe(63);
    expect(replica.core.get('\u0000mine', 0)?.value).toEqual(bytes('99'));
    const again = new SingleReplica({ store: replica.store });
    const vector = again.ask(alice, digestOf(alice));
    expect(vector.kind === 'digest' && vector.vector.length).toBe(4_096);
  });
});

describe('an own origin that is given up', () => {
  it('takes what is known of its overtaken writes with it', () => {
    const replica = new SingleReplica();
    replica.meet(alice, { vector: [] });
    replica.put('\u0000a', 'v');
    const own = replica.core.get('\u0000a', 0);
    if (own === undefined) throw new Error('not written');
    replica.ask(bob, {
      kind: 'delta',
      ranges: [{ origin, from: 0, to: 1 }],
      records: [record('\u0000a', 1, { hlc: own.hlc + 1 })],
    });
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: own.origin, from: 0, to: 9 }], records: [] });
    replica.put('\u0000b', 'v');
    replica.turn();
    const sent = replica.requests('delta').map(deltaOf);
    const fresh = sent.filter(({ ranges }) =>
      ranges.some((range) => range.origin !== own.origin && range.origin !== origin),
    );
    expect(fresh.flatMap(({ records }) => records.map(({ key }) => key))).toEqual(['\u0000b']);
  });
});
