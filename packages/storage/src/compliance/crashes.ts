import type { StoredRecord } from '@simpledht/wire';
import type { Store } from '../store.ts';
import { isSame, isTrue } from './assertions.ts';
import { expiring, keysByTime } from './by-time.ts';
import type { StoreSubject } from './index.ts';
import { bytes, fields, keysOf, origin, record } from './records.ts';
import type { Rule } from './rule.ts';

/** Microtasks between the start of a flush and the crash. */
const moments = [0, 1, 2, 3, 5, 8, 13, 40];

/** For durable stores: what is there after the crash. */
async function afterCrash(
  store: Store,
  { reopenAfterCrash }: StoreSubject,
  check: (again: Store) => void | Promise<void>,
): Promise<void> {
  if (reopenAfterCrash === undefined) return;
  const again = await reopenAfterCrash(store);
  try {
    await check(again);
  } finally {
    await again.close();
  }
}

/** Everything that a store says of what it holds. */
function contentOf(store: Store): unknown {
  const bySequence = store.since(origin, 0, 10_000).map(({ seq }) => seq);
  const records = Array.from(store.range(), fields);
  return [records, bySequence, keysByTime(store), store.meta('m'), store.size, store.bytes];
}

/** Starts a flush, and settles so many microtasks later. Whether it had ended tells nothing: a crash comes when it likes. */
async function flushFor(store: Store, microtasks: number): Promise<void> {
  store.flush()?.catch(() => undefined);
  for (let count = 0; count < microtasks; count++) await Promise.resolve();
}

const first: readonly StoredRecord[] = [record('a', 1), record('b', 2), expiring('e', 3, 10), record('gone', 4, null)];
const second: readonly StoredRecord[] = [record('a', 5), record('c', 6), record('e', 7, null), record('f', 8)];

export const crashRules: readonly Rule[] = [
  [
    'flush settles, and what was flushed outlives a crash if the store says that it is durable',
    async (store, subject) => {
      store.apply({ records: [record('a', 1)], meta: [['m', bytes('x')]] });
      await store.flush();
      isTrue(
        store.durable === (subject.reopenAfterCrash !== undefined),
        'a durable store is tested with `reopenAfterCrash`',
      );
      await afterCrash(store, subject, (again) => {
        isSame(fields(again.get('a')), fields(record('a', 1)), 'the record after a crash');
        isSame(keysOf(again.since(origin, 0, 10)), ['a'], 'since after a crash');
        isSame(again.meta('m'), bytes('x'), 'metadata after a crash');
      });
    },
  ],
  [
    'after a crash everything that was flushed is as it was: every order, metadata and sums',
    async (store, subject) => {
      store.apply({ records: first, meta: [['m', bytes('first')]] });
      await store.flush();
      store.apply({ records: second, removed: ['b'], meta: [['m', bytes('second')]] });
      await store.flush();
      const content = contentOf(store);
      await afterCrash(store, subject, async (again) => {
        isSame(contentOf(again), content, 'the content after a crash');
        isSame(keysByTime(again), ' | gone e', 'both orders by time');
        again.apply({ records: [record('gone', 9)], removed: ['e'] });
        await again.flush();
        isSame(keysByTime(again), ' | ', 'both orders by time, written on');
      });
    },
  ],
  [
    'a crash leaves all of a batch or nothing of it, whenever it comes',
    async (_, subject) => {
      if (subject.reopenAfterCrash === undefined) return;
      for (const moment of moments) {
        const store = await subject.open();
        store.apply({ records: first, meta: [['m', bytes('first')]] });
        await store.flush();
        const before = printable(contentOf(store));
        store.apply({ records: second, removed: ['b'], meta: [['m', bytes('second')]] });
        const after = printable(contentOf(store));
        await flushFor(store, moment);
        await afterCrash(store, subject, (again) => {
          const found = printable(contentOf(again));
          isTrue(
            found === before || found === after,
            `a crash ${String(moment)} microtasks into a flush left a part of a batch: ${found}`,
          );
        });
        await store.close();
      }
    },
  ],
  [
    'reads see everything applied while a flush is under way and after it',
    async (store) => {
      store.apply({ records: first, meta: [['m', bytes('first')]] });
      await store.flush();
      store.apply({ records: second, removed: ['b'], meta: [['m', bytes('second')]] });
      const [applied, isUnderWay] = [contentOf(store), store.flush()];
      isSame(contentOf(store), applied, 'during a flush');
      store.apply({ records: [record('b', 9), record('c', 10, null)], removed: ['a', 'gone'] });
      const [later, next] = [contentOf(store), store.flush()];
      isSame([keysOf(store.range()), store.size], [['b', 'c', 'e', 'f'], 4], 'applied during a flush');
      await isUnderWay;
      isSame(contentOf(store), later, 'after the first flush');
      await next;
      isSame(contentOf(store), later, 'after both');
      isSame(keysByTime(store), ' | e c', 'both orders by time');
    },
  ],
];

function printable(content: unknown): string {
  return JSON.stringify(content, (_, inner: unknown) => (inner instanceof Uint8Array ? [...inner].join(' ') : inner));
}
