import { limits, type StoredRecord } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../src/effects.ts';
import { Floors } from '../src/floors.ts';
import { History } from '../src/history.ts';
import { memoryStore } from '../src/index.ts';
import { VersionVector } from '../src/version-vector.ts';
import { originOf, record } from './records.ts';
import { SingleReplica } from './single-replica.ts';

/** What a map holds, without a map around it. */
class Held {
  readonly store = memoryStore();
  readonly vector = new VersionVector(limits);
  readonly floors = new Floors();
  readonly outbox = new Outbox();
  joined = true;
  readonly history = new History(this, this.outbox);

  take(taken: StoredRecord): void {
    this.store.apply({ records: [taken] });
    this.vector.cover(taken.origin, { from: taken.seq - 1, to: taken.seq });
  }
}

describe('what changed since', () => {
  it('is every record that the reader lacks, the oldest write first', () => {
    const held = new Held();
    held.take(record('a', 1));
    const since = held.history.since(held.history.now());
    held.take(record('b', 2, { hlc: 900 }));
    held.take(record('c', 3, { value: null }));
    held.take(record('d', 1, { origin: originOf(2), hlc: 800 }));
    expect(since.few(10)?.map(({ key }) => key)).toEqual(['d', 'b', 'c']);
    expect(since.lacks(record('a', 1))).toBe(false);
    expect(since.lacks(record('c', 3))).toBe(true);
  });

  it('is read from the keys when it is too much, or when the vector does not speak for the records', () => {
    const held = new Held();
    const since = held.history.since([]);
    for (let seq = 1; seq <= 3; seq++) held.take(record(`k${String(seq)}`, seq));
    expect(since.few(3)).toHaveLength(3);
    expect(since.few(2)).toBeUndefined();
    held.joined = false;
    expect(since.few(3)).toBeUndefined();
    expect(held.history.now()).toEqual([]);
    expect([...held.history.range({})]).toHaveLength(3);
  });

  it('cannot be told when a tombstone that the reader has not seen was purged', () => {
    const held = new Held();
    held.take(record('a', 1));
    const early = held.history.since(held.history.now());
    held.take(record('a', 2, { value: null }));
    const late = held.history.since(held.history.now());
    expect(early.isTooOld()).toBe(false);
    held.floors.raise({ origin: originOf(8), seq: 2, hlc: 1_002 });
    expect(early.isTooOld()).toBe(true);
    expect(late.isTooOld()).toBe(false);
  });

  const origins = [originOf(0), originOf(1), originOf(2)];
  const dots = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), origin: fc.constantFrom(...origins), seen: fc.boolean() }),
    { maxLength: 60 },
  );

  it('is what comparing every record with the vector gives, whatever is seen in whatever order', () => {
    fc.assert(
      fc.property(dots, (writes) => {
        const held = new Held();
        const seen = new VersionVector(limits);
        const sequences = new Map<string, number>();
        for (const [at, { key, origin, seen: isSeen }] of writes.entries()) {
          const seq = (sequences.get(origin) ?? 0) + 1;
          sequences.set(origin, seq);
          held.take(record(key, seq, { origin, hlc: 1_000 + at }));
          if (isSeen) seen.cover(origin, { from: seq - 1, to: seq });
        }
        const since = held.history.since(seen.entries());
        const expected = [...held.store.range()].filter(({ origin, seq }) => !seen.covers(origin, seq));
        const byTime = (a: StoredRecord, b: StoredRecord): number => a.hlc - b.hlc;
        expect(since.few(100)).toEqual(expected.sort(byTime));
      }),
    );
  });
});

describe('a mark', () => {
  it('comes behind the changes that were made before it, and only when it is asked for', () => {
    const replica = new SingleReplica();
    replica.turn();
    replica.core.observeChanges = true;
    replica.put('a', 'x');
    expect(replica.turn().map(({ type }) => type)).toEqual(['change']);
    replica.put('b', 'x');
    const number = replica.core.history.mark();
    replica.put('c', 'x');
    const effects = replica.turn();
    expect(effects.map(({ type }) => type)).toEqual(['change', 'change', 'mark']);
    expect(effects.at(-1)).toMatchObject({ number, vector: [{ watermark: 3 }] });
    expect(replica.turn()).toEqual([]);
  });

  it('ends every turn that touched records while somebody follows', () => {
    const replica = new SingleReplica();
    replica.turn();
    replica.core.observeChanges = true;
    replica.core.history.isFollowed = true;
    replica.put('a', 'x');
    expect(replica.turn().map(({ type }) => type)).toEqual(['change', 'mark']);
    expect(replica.turn()).toEqual([]);
  });
});
