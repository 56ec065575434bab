import type { KeyBounds, Store } from '../store.ts';
import { isSame, isTrue } from './assertions.ts';
import { fields, keysOf, origin, otherOrigin, record } from './records.ts';
import type { Rule } from './rule.ts';

/** In the order of UTF-8 bytes; U+1F600 is two surrogates, which in UTF-16 would come before U+FFFD. */
const ordered = [
  'a',
  'a\u0000',
  'a\u0000b',
  'ab',
  'ab\u007f',
  'ab\u0080',
  'b',
  '\u00e9',
  '\ue000',
  '\ufffd',
  '\u{1f600}',
];

function fill(store: Store): void {
  const shuffled = ordered.map((_, index) => ordered[(index * 7) % ordered.length] ?? '');
  store.apply({ records: shuffled.map((key, index) => record(key, index + 1)) });
}

function expectRange(store: Store, bounds: KeyBounds, expected: readonly string[]): void {
  isSame(keysOf(store.range(bounds)), expected, `range ${JSON.stringify(bounds)}`);
  const reversed = keysOf(store.range({ ...bounds, reverse: true }));
  isSame(reversed, [...expected].reverse(), `range ${JSON.stringify(bounds)} in reverse`);
}

export const readingRules: readonly Rule[] = [
  [
    'gives back every field of a record, and nothing for a key that it does not hold',
    (store) => {
      const given = { ...record('key', 3), expiresAt: 1_900_000_000_000 };
      store.apply({ records: [given, record('gone', 4, null), record('empty', 5, '')] });
      isSame(fields(store.get('key')), fields(given), 'get');
      isSame(fields(store.get('gone')), fields(record('gone', 4, null)), 'get of a tombstone');
      isSame(fields(store.get('empty')), fields(record('empty', 5, '')), 'get of an empty value');
      isSame(store.get('ke'), undefined, 'get of a missing key');
    },
  ],
  [
    'gives everything in the order of UTF-8 bytes',
    (store) => {
      fill(store);
      expectRange(store, {}, ordered);
    },
  ],
  [
    'keeps to all bounds of a range',
    (store) => {
      fill(store);
      expectRange(store, { gt: 'ab' }, ordered.slice(4));
      expectRange(store, { gte: 'ab' }, ordered.slice(3));
      expectRange(store, { lt: 'b' }, ordered.slice(0, 6));
      expectRange(store, { lte: 'b' }, ordered.slice(0, 7));
      expectRange(store, { gt: 'a', gte: 'a', lt: 'b', lte: '\ufffd' }, ordered.slice(1, 6));
      expectRange(store, { gt: 'b', lt: 'b' }, []);
      expectRange(store, { gte: 'aa', lte: 'az' }, ['ab', 'ab\u007f', 'ab\u0080']);
    },
  ],
  [
    'gives only keys that start with the prefix, and all of them',
    (store) => {
      fill(store);
      expectRange(store, { prefix: 'a\u0000' }, ['a\u0000', 'a\u0000b']);
      expectRange(store, { prefix: 'ab' }, ['ab', 'ab\u007f', 'ab\u0080']);
      expectRange(store, { prefix: 'ab', gt: 'ab\u007f' }, ['ab\u0080']);
      expectRange(store, { prefix: '\ufffd' }, ['\ufffd']);
      expectRange(store, { prefix: '\ud83d' }, ['\u{1f600}']);
      expectRange(store, { prefix: 'c' }, []);
    },
  ],
  [
    'takes no neighbours of a prefix: neither the key that it extends, nor what follows it, nor the next letter',
    (store) => {
      const keys = ['a', 'b', 'us', 'user', 'user.1', 'user:', 'user:1', 'user:1:x', 'user;', 'user;1', 'users', 'v'];
      store.apply({ records: keys.map((key, index) => record(key, index + 1)) });
      expectRange(store, { prefix: 'a' }, ['a']);
      expectRange(store, { prefix: 'user:' }, ['user:', 'user:1', 'user:1:x']);
      expectRange(store, { prefix: 'user' }, keys.slice(3, 11));
      expectRange(store, { prefix: '' }, keys);
    },
  ],
  [
    'may be written to while a range is read: a key comes at most once, what is above the place comes',
    (store) => {
      fill(store);
      const seen: string[] = [];
      for (const { key } of store.range()) {
        seen.push(key);
        store.apply({
          records: [record(key, 100 + seen.length), record(`ab${String(seen.length)}`, 200 + seen.length)],
        });
        if (seen.length > 100) break;
      }
      isSame(new Set(seen).size, seen.length, 'keys given once');
      isTrue(
        ordered.every((key) => seen.includes(key)),
        'keys that were there all the time are given',
      );
    },
  ],
  [
    'gives what an origin wrote since a number, in order, each key once, up to the limit',
    (store) => {
      store.apply({ records: [record('a', 5), record('b', 2), record('c', 9)] });
      store.apply({ records: [{ ...record('d', 3), origin: otherOrigin }] });
      isSame(
        store.since(origin, 0, 10).map(({ seq }) => seq),
        [2, 5, 9],
        'since 0',
      );
      isSame(
        store.since(origin, 2, 10).map(({ seq }) => seq),
        [5, 9],
        'since 2',
      );
      isSame(
        store.since(origin, 0, 2).map(({ seq }) => seq),
        [2, 5],
        'since 0, two of them',
      );
      isSame(keysOf(store.since(otherOrigin, 0, 10)), ['d'], 'since of another origin');
      isSame(keysOf(store.since(origin, 9, 10)), [], 'since the last');
    },
  ],
  [
    'leaves out of `since` what was overwritten or removed',
    (store) => {
      store.apply({ records: [record('a', 1), record('b', 2), record('c', 3)] });
      store.apply({ records: [record('a', 4), { ...record('b', 1), origin: otherOrigin }], removed: ['c'] });
      isSame(
        store.since(origin, 0, 10).map(({ seq }) => seq),
        [4],
        'what survives',
      );
      isSame(keysOf(store.since(otherOrigin, 0, 10)), ['b'], 'what another origin overwrote');
    },
  ],
  [
    'finds a record by its number after hundreds of others came in any order',
    (store) => {
      const seqs = Array.from({ length: 2_000 }, (_, index) => ((index * 1_009) % 2_003) + 1);
      store.apply({ records: seqs.map((seq) => record(`k${String(seq)}`, seq)) });
      store.apply({ removed: seqs.filter((seq) => seq % 3 === 0).map((seq) => `k${String(seq)}`) });
      const expected = seqs.filter((seq) => seq % 3 !== 0 && seq > 777).sort((a, b) => a - b);
      isSame(
        store.since(origin, 777, 5_000).map(({ seq }) => seq),
        expected,
        'since',
      );
    },
  ],
];
