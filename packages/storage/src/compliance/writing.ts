import type { StoredRecord } from '@simpledht/wire';
import { isSame, isTrue, throws } from './assertions.ts';
import { bytes, fields, keysOf, origin, record } from './records.ts';
import type { Rule } from './rule.ts';

/** A record that no store can take: reading its value fails, as a disk may. */
function poisoned(key: string, seq: number): StoredRecord {
  return {
    ...record(key, seq),
    get value(): Uint8Array {
      throw new Error('cannot be read');
    },
  };
}

export const writingRules: readonly Rule[] = [
  [
    'replaces what a key held, and counts it once',
    (store) => {
      store.apply({ records: [record('a', 1, 'one')] });
      const before = store.bytes;
      store.apply({ records: [record('a', 2, 'longer than one')] });
      isSame(fields(store.get('a')), fields(record('a', 2, 'longer than one')), 'get');
      isSame(store.size, 1, 'size');
      isTrue(store.bytes > before, 'bytes follow the value');
      store.apply({ removed: ['a', 'never there'] });
      isSame([store.size, store.bytes, keysOf(store.range())], [0, 0, []], 'empty again');
    },
  ],
  [
    'applies a batch whole: records, removals and metadata',
    (store) => {
      store.apply({ records: [record('old', 1)] });
      store.apply({ records: [record('a', 2), record('b', 3)], removed: ['old'], meta: [['m', bytes('x')]] });
      isSame(keysOf(store.range()), ['a', 'b'], 'keys');
      isSame(store.meta('m'), bytes('x'), 'meta');
      isSame(store.meta('n'), undefined, 'missing meta');
      isSame(store.size, 2, 'size');
    },
  ],
  [
    'applies nothing of a batch that throws',
    (store) => {
      store.apply({ records: [record('a', 1, 'kept')], meta: [['m', bytes('kept')]] });
      let hasThrown = false;
      try {
        store.apply({ meta: [['m', bytes('lost')]], removed: ['a'], records: [record('b', 2), poisoned('c', 3)] });
      } catch {
        hasThrown = true;
      }
      // A store that never looks at the value may take it; then there is nothing to undo.
      if (!hasThrown) return;
      isSame(fields(store.get('a')), fields(record('a', 1, 'kept')), 'the record that was to go');
      isSame(keysOf(store.range()), ['a'], 'keys');
      isSame(
        store.since(origin, 0, 10).map(({ seq }) => seq),
        [1],
        'since',
      );
      isSame(store.meta('m'), bytes('kept'), 'meta');
      isSame(store.size, 1, 'size');
    },
  ],
  [
    'keeps values as they were given, whatever becomes of the bytes around them',
    (store) => {
      const page = bytes('....value....');
      const view = page.subarray(4, 9);
      store.apply({
        records: [
          { ...record('a', 1), value: view },
          { ...record('b', 2), value: page.slice() },
        ],
      });
      for (let index = 0; index < 300; index++)
        store.apply({ records: [record('c', 3 + index, 'x'.repeat(index * 20))] });
      isSame(store.get('a')?.value, bytes('value'), 'a view');
      isSame(store.get('b')?.value, bytes('....value....'), 'a whole buffer');
    },
  ],
  [
    'a record that was read stays as it was when its key is written again',
    (store) => {
      store.apply({ records: [record('a', 1, 'first')] });
      const held = store.get('a');
      for (let index = 2; index < 2_000; index++)
        store.apply({ records: [record('a', index, `other ${String(index)}`)] });
      isSame(fields(held), fields(record('a', 1, 'first')), 'the record read before');
    },
  ],
  [
    'closes once and for all: every method throws ERR_CLOSED, closing again does no harm',
    async (store) => {
      store.apply({ records: [record('a', 1)] });
      await store.close();
      await store.close();
      const calls: (readonly [string, () => unknown])[] = [
        ['get', () => store.get('a')],
        ['range', () => keysOf(store.range())],
        ['since', () => store.since(origin, 0, 1)],
        ['expiring', () => store.expiring(1, 1)],
        ['tombstones', () => store.tombstones(1, 1)],
        ['meta', () => store.meta('m')],
        [
          'apply',
          () => {
            store.apply({ records: [record('b', 2)] });
          },
        ],
        ['flush', () => store.flush()],
      ];
      for (const [name, call] of calls) throws(call, 'ERR_CLOSED', `${name} after close`);
    },
  ],
];
