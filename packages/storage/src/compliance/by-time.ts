import type { StoredRecord } from '@simpledht/wire';
import type { Store } from '../store.ts';
import { isSame } from './assertions.ts';
import { keysOf, record } from './records.ts';
import type { Rule } from './rule.ts';

const startMs = 1_900_000_000_000;

export function expiring(key: string, seq: number, afterMs: number): StoredRecord {
  return { ...record(key, seq), expiresAt: startMs + afterMs };
}

/** A version of `record(key, seq)`; tombstones are ordered by it. */
const versionOf = (seq: number): number => record('any', seq).hlc;

/** Keys of what expires up to `afterMs`, and of the tombstones below the version of `seq`. */
export function keysByTime(store: Store, afterMs: number = Infinity, seq: number = Infinity): string {
  const until = Math.min(startMs + afterMs, Number.MAX_SAFE_INTEGER - 1);
  const before = Math.min(versionOf(seq), Number.MAX_SAFE_INTEGER);
  const [expired, tombstones] = [store.expiring(until, 10_000), store.tombstones(before, 10_000)];
  return `${keysOf(expired).join(' ')} | ${keysOf(tombstones).join(' ')}`;
}

/** 0 to `count` - 1, each once, in no order. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 1_009) % count);
}

export const timeRules: readonly Rule[] = [
  [
    'gives what expires, the earliest first, up to a time (itself included) and a limit',
    (store) => {
      const records = [expiring('c', 1, 30), record('never', 2), expiring('a', 3, 10), record('gone', 4, null)];
      store.apply({ records: [...records, expiring('b', 5, 20)] });
      isSame(keysOf(store.expiring(startMs + 9, 10)), [], 'before the first');
      isSame(keysOf(store.expiring(startMs + 20, 10)), ['a', 'b'], 'up to the second');
      isSame(keysOf(store.expiring(startMs + 99, 10)), ['a', 'b', 'c'], 'all');
      isSame(keysOf(store.expiring(startMs + 99, 2)), ['a', 'b'], 'two of them');
      isSame(keysOf(store.expiring(startMs + 99, 10)), ['a', 'b', 'c'], 'asked again');
    },
  ],
  [
    'gives tombstones, the lowest version first, below a version and up to a limit',
    (store) => {
      const records = [record('c', 30, null), record('value', 1), record('a', 10, null), expiring('e', 2, 1)];
      store.apply({ records: [...records, record('b', 20, null)] });
      isSame(keysOf(store.tombstones(versionOf(10), 10)), [], 'below the first');
      isSame(keysOf(store.tombstones(versionOf(10) + 1, 10)), ['a'], 'just above the first');
      isSame(keysOf(store.tombstones(versionOf(99), 10)), ['a', 'b', 'c'], 'all');
      isSame(keysOf(store.tombstones(versionOf(99), 2)), ['a', 'b'], 'two of them');
      isSame(keysOf(store.tombstones(versionOf(99), 10)), ['a', 'b', 'c'], 'asked again');
    },
  ],
  [
    'gives all for a time without end, before and after a flush',
    async (store) => {
      store.apply({ records: [expiring('a', 1, 10), record('t', 2, null)] });
      const all = (): string =>
        [...store.expiring(Infinity, 9), ...store.tombstones(Infinity, 9)].map((one) => one.key).join();
      isSame(all(), 'a,t', 'before');
      await store.flush();
      isSame(all(), 'a,t', 'after');
    },
  ],
  [
    'leaves out of both orders what was replaced or removed',
    (store) => {
      store.apply({ records: ['a', 'b', 'c'].map((key, index) => expiring(key, index + 1, index)) });
      store.apply({ records: ['x', 'y', 'z'].map((key, index) => record(key, index + 4, null)) });
      store.apply({ records: [record('a', 7), record('x', 8)], removed: ['b', 'y'] });
      isSame(keysByTime(store), 'c | z', 'what is left');
      store.apply({ records: [expiring('b', 9, 5), record('y', 10, null)] });
      isSame(keysByTime(store), 'c b | z y', 'what came again');
    },
  ],
  [
    'moves a record in both orders when its time changes, and gives it once',
    (store) => {
      store.apply({
        records: [expiring('a', 1, 10), expiring('b', 2, 20), record('c', 3, null), record('d', 4, null)],
      });
      store.apply({ records: [expiring('a', 5, 30), record('c', 6, null)] });
      isSame(keysByTime(store), 'b a | d c', 'later');
      isSame(keysByTime(store, 29, 6), 'b | d', 'not yet');
    },
  ],
  [
    'moves an expired record that became a tombstone from one order to the other',
    (store) => {
      store.apply({ records: [expiring('a', 1, 10), expiring('b', 2, 20)] });
      store.apply({ records: [{ ...expiring('a', 3, 10), value: null }] });
      isSame(keysByTime(store), 'b | a', 'a is a tombstone now');
      store.apply({ records: [expiring('a', 4, 5)] });
      isSame(keysByTime(store), 'a b | ', 'a has a value again');
    },
  ],
  [
    'gives all of those that share a time, and none twice when the same record is put again',
    (store) => {
      const same = [
        expiring('a', 1, 10),
        expiring('b', 2, 10),
        { ...record('x', 9, null), seq: 3 },
        record('y', 9, null),
      ];
      store.apply({ records: same });
      store.apply({ records: same });
      const [expired, tombstones] = [store.expiring(startMs + 10, 10), store.tombstones(versionOf(10), 10)];
      isSame(
        [keysOf(expired).sort(), keysOf(tombstones).sort()],
        [
          ['a', 'b'],
          ['x', 'y'],
        ],
        'both of each',
      );
      isSame(store.size, 4, 'size');
    },
  ],
  [
    'keeps both orders through thousands of records that come and go in any order',
    (store) => {
      const keys = shuffled(2_003);
      const key = (index: number): string => `k${String(index).padStart(5, '0')}`;
      store.apply({ records: keys.map((index) => expiring(key(index), index + 1, index)) });
      for (let round = 1; round <= 5; round++)
        store.apply({ records: keys.map((index) => expiring(key(index), index + 1 + 5_000 * round, index)) });
      store.apply({
        records: keys.filter((index) => index % 3 === 0).map((index) => record(key(index), 50_000 + index, null)),
      });
      store.apply({ removed: keys.filter((index) => index % 3 === 1).map(key) });
      const left = keys.sort((a, b) => a - b);
      isSame(
        keysOf(store.expiring(startMs + 1_000, 5_000)),
        left.filter((index) => index % 3 === 2 && index <= 1_000).map(key),
        'expiring',
      );
      isSame(
        keysOf(store.tombstones(versionOf(51_000), 5_000)),
        left.filter((index) => index % 3 === 0 && index < 1_000).map(key),
        'tombstones',
      );
    },
  ],
];
