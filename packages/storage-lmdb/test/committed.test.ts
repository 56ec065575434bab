import { memoryStore, type KeyBounds, type Store } from '@simpledht/storage';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { newDirectory } from './support/directories.ts';
import { fields, origin, otherOrigin, record } from './support/records.ts';

/* Everything is committed before it is read, so that LMDB answers and nothing above it. */

const keys = fc.constantFrom('\u0000a', '\u0000a\u0000', 'a', 'ab', 'ab\u0000', 'b', 'user:1', 'z\u{1f600}', '\ufffd');
const writes = fc.array(
  fc.record({
    key: keys,
    text: fc.option(fc.string({ maxLength: 3 }), { nil: null }),
    isOther: fc.boolean(),
    expiresAt: fc.constantFrom(0, 0, 5, 9, 12),
    isRemoval: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
const end = fc.option(fc.oneof(keys, fc.constantFrom('\ud83d', 'zz', '\u0000')), { nil: undefined });
const ranges = fc.array(
  fc.record(
    { gt: end, gte: end, lt: end, lte: end, prefix: end, reverse: fc.boolean() },
    { requiredKeys: ['reverse'] },
  ),
  { maxLength: 6 },
);

/** Bounds that are given; the port knows no `undefined`. */
function given(bounds: Readonly<Record<string, string | boolean | undefined>>): KeyBounds {
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
}

function contentOf(store: Store, bounds: readonly KeyBounds[]): unknown {
  return [
    ...[{}, { reverse: true }, ...bounds].map((each) => Array.from(store.range(each), fields)),
    ...[0, 3].map((after) => store.since(origin, after, 4).map(fields)),
    store.since(otherOrigin, 0, 100).map(fields),
    ...[4, 5, 9, 99].map((until) => store.expiring(until, 3).map(({ expiresAt }) => expiresAt)),
    ...[1, 4_096 * 5, 4_096 * 99].map((before) => store.tombstones(before, 3).map(fields)),
    store.size,
    store.bytes,
  ];
}

it('what LMDB holds reads like a memory store', async () => {
  await fc.assert(
    fc.asyncProperty(writes, ranges, async (steps, bounds) => {
      const [store, model] = [lmdbStore({ path: newDirectory(), sync: false }), memoryStore()];
      for (const [index, { key, text, isOther, expiresAt, isRemoval }] of steps.entries()) {
        const plain = record(key, index + 1, text);
        const made = { ...plain, origin: isOther ? otherOrigin : origin, expiresAt: text === null ? 0 : expiresAt };
        const batch = isRemoval ? { removed: [key] } : { records: [made] };
        store.apply(batch);
        model.apply(batch);
        await store.flush();
      }
      const every = bounds.map(given);
      expect(contentOf(store, every)).toEqual(contentOf(model, every));
      await store.close();
    }),
    { numRuns: 60 },
  );
});

it('reads ranges and numbers that take many chunks, both ways', async () => {
  const store = lmdbStore({ path: newDirectory(), sync: false });
  const name = (index: number): string => `k${String(index).padStart(5, '0')}`;
  const all = Array.from({ length: 3_000 }, (_, index) => name(index));
  store.apply({ records: all.map((key, index) => record(key, index + 1)) });
  await store.flush();
  const keysIn = (bounds: KeyBounds): string[] => Array.from(store.range(bounds), ({ key }) => key);
  expect(keysIn({})).toEqual(all);
  expect(keysIn({ reverse: true })).toEqual([...all].reverse());
  expect(keysIn({ reverse: true, lt: name(2_500), gte: name(7) })).toEqual(all.slice(7, 2_500).reverse());
  expect(keysIn({ reverse: true, lte: name(2_500), gt: name(7) })).toEqual(all.slice(8, 2_501).reverse());
  expect(store.since(origin, 500, 2_000).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 2_000 }, (_, index) => index + 501),
  );
  await store.close();
});
