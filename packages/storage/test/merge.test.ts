import type { StoredRecord } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentSum } from '../src/content-sum.ts';
import { compareRecords, hash64, memoryStore } from '../src/index.ts';
import { Outbox, ReplicaCounters } from '../src/effects.ts';
import { LocalMap } from '../src/local-map.ts';
import { line } from './contents.ts';
import { anyRecord, bytes, record } from './records.ts';
import { nodeId } from './simulated-cluster.ts';

function merged(...batches: (readonly StoredRecord[])[]): { lines: string[]; content: ContentSum } {
  const store = memoryStore();
  const map = new LocalMap({
    id: nodeId(7),
    store,
    randomBytes: (count) => new Uint8Array(count),
    maxClockAheadMs: 10_000,
    maxKeys: 1_000,
    maxStoreBytes: 1_000_000,
    outbox: new Outbox(),
    counters: new ReplicaCounters(),
  });
  for (const batch of batches) map.merge(batch);
  return { lines: Array.from(store.range(), line), content: map.content };
}

const batch = fc.array(anyRecord, { maxLength: 8 });

describe('merge', () => {
  it('does not care for the order of arrival', () => {
    fc.assert(
      fc.property(batch, batch, (a, b) => {
        expect(merged(a, b)).toEqual(merged(b, a));
      }),
    );
  });

  it('does not care how arrivals are grouped', () => {
    fc.assert(
      fc.property(batch, batch, batch, (a, b, c) => {
        expect(merged([...a, ...b], c)).toEqual(merged(a, [...b, ...c]));
      }),
    );
  });

  it('does not care for repetition', () => {
    fc.assert(
      fc.property(batch, batch, (a, b) => {
        expect(merged(a, b, a)).toEqual(merged(a, b));
      }),
    );
  });

  it('keeps the largest of each key, and sums that equal summing anew', () => {
    fc.assert(
      fc.property(batch, (records) => {
        const largest = new Map<string, StoredRecord>();
        for (const one of records) {
          const held = largest.get(one.key);
          if (held === undefined || compareRecords(one, held) > 0) largest.set(one.key, one);
        }
        const sum = new ContentSum();
        for (const one of largest.values()) sum.replace(undefined, one);
        const { lines, content } = merged(records);
        expect(lines).toEqual([...largest.values()].map(line).sort());
        expect(content).toEqual(sum);
      }),
    );
  });
});

describe('the order of records', () => {
  const base = record('k', 5);
  const larger: [string, Partial<StoredRecord>][] = [
    ['a later version', { hlc: base.hlc + 1, value: null }],
    ['at equal versions the larger writer', { writer: nodeId(9), value: null }],
    ['at equal writers the larger value', { value: bytes('v6') }],
    ['the longer of two values that begin alike', { value: bytes('v5 ') }],
  ];
  it.each(larger)('prefers %s', (_, change) => {
    expect(compareRecords({ ...base, ...change }, base)).toBeGreaterThan(0);
    expect(compareRecords(base, { ...base, ...change })).toBeLessThan(0);
  });

  it('puts a tombstone below every value, an empty one too', () => {
    expect(compareRecords({ ...base, value: null }, { ...base, value: bytes('') })).toBeLessThan(0);
  });

  it('is zero only for the same record', () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, (a, b) => {
        const other = { ...b, key: a.key };
        expect(compareRecords(a, other) === 0).toBe(line(a) === line(other));
        expect(Math.sign(compareRecords(a, other))).toBe(-Math.sign(compareRecords(other, a)) || 0);
      }),
    );
  });
});

describe('hash64', () => {
  it('sees every part of a record but dot and expiry', () => {
    const base = record('k', 5);
    const seen = (change: Partial<StoredRecord>): boolean =>
      JSON.stringify(hash64({ ...base, ...change })) !== JSON.stringify(hash64(base));
    expect(seen({ seq: 6, expiresAt: 9, origin: record('k', 1, { origin: base.origin }).origin })).toBe(false);
    expect(
      [
        { key: 'l' },
        { hlc: base.hlc + 1 },
        { hlc: base.hlc + 2 ** 32 },
        { writer: nodeId(1) },
        { value: bytes('v5\0') },
      ].every(seen),
    ).toBe(true);
  });

  it('spreads: no two of 100,000 neighbours meet, all bits of both halves are used alike', () => {
    const seen = new Set<string>();
    const ones = new Array<number>(64).fill(0);
    for (let index = 0; index < 100_000; index++) {
      const { high, low } = hash64(
        record(`key ${String(index >> 4)}`, 1, { value: Uint8Array.of(0, 0, 0, index & 15) }),
      );
      seen.add(`${String(high)} ${String(low)}`);
      for (let bit = 0; bit < 32; bit++) {
        ones[bit] = (ones[bit] ?? 0) + ((high >>> bit) & 1);
        ones[bit + 32] = (ones[bit + 32] ?? 0) + ((low >>> bit) & 1);
      }
    }
    expect(seen.size).toBe(100_000);
    for (const count of ones) expect(Math.abs(count - 50_000)).toBeLessThan(1_000);
  });
});
