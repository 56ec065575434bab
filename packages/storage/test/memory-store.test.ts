import type { StoredRecord } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { storeCompliance } from '../src/compliance/index.ts';
import { memoryStore } from '../src/index.ts';
import { TimeIndex } from '../src/memory/time-index.ts';
import { record } from '../src/compliance/records.ts';

storeCompliance({ describe, it }, { name: 'memory', open: memoryStore });

describe('an index by time', () => {
  /** A map with such an index, as the memory store has it. */
  function indexed(): { index: TimeIndex; held: Map<string, StoredRecord>; put: (given: StoredRecord) => void } {
    const held = new Map<string, StoredRecord>();
    const index = new TimeIndex(
      (given) => held.get(given.key) === given,
      ({ expiresAt }) => expiresAt,
    );
    const put = (given: StoredRecord): void => {
      const isReplaced = held.has(given.key);
      held.set(given.key, given);
      if (isReplaced) index.letGo();
      index.add(given);
    };
    return { index, held, put };
  }

  it('keeps few entries when one key is overwritten for ever', () => {
    const { index, put } = indexed();
    for (let seq = 1; seq <= 50_000; seq++) put({ ...record('k', seq), expiresAt: 1_000_000 - seq });
    expect(index.entries).toBeLessThan(2_100);
    expect(index.first(1_000_000, 10).map(({ seq }) => seq)).toEqual([50_000]);
  });

  it('lets go of nearly everything when everything is removed', () => {
    const { index, held, put } = indexed();
    for (let seq = 1; seq <= 50_000; seq++) put({ ...record(`k${String(seq)}`, seq), expiresAt: seq });
    for (const key of [...held.keys()]) {
      held.delete(key);
      index.letGo();
    }
    expect(index.entries).toBeLessThan(2_100);
    expect(index.first(1_000_000, 10)).toEqual([]);
    expect(index.entries).toBe(0);
  });
});

describe('a memory store', () => {
  it('takes the same object twice and lists it once', () => {
    const store = memoryStore();
    const tombstone = record('gone', 1, null);
    store.apply({ records: [tombstone] });
    store.apply({ records: [tombstone] });
    expect(store.tombstones(Number.MAX_SAFE_INTEGER, 10)).toEqual([tombstone]);
    expect(store.since(tombstone.origin, 0, 10)).toEqual([tombstone]);
  });
});
