import type { StoredRecord } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import type { StoreSubject } from '../src/compliance/index.ts';
import { memoryStore, type KeyBounds, type Store } from '../src/index.ts';
import { diskSubject, whole } from './disk-store.ts';
import { failuresOf, wrapped } from './wrong-stores.ts';

const subject = (wrong: (store: Store) => Partial<Store>): StoreSubject => ({
  name: 'wrong',
  open: () => wrapped(wrong),
});

async function rejects(wrong: StoreSubject, rule: RegExp): Promise<void> {
  expect((await failuresOf(wrong)).join('\n')).toMatch(rule);
}

describe('the suite accepts', () => {
  it('the memory store', async () => {
    expect(await failuresOf({ name: 'memory', open: memoryStore })).toEqual([]);
  });

  it('a durable store that is right', async () => {
    expect(await failuresOf(diskSubject('right'))).toEqual([]);
  });
});

describe('the suite rejects', () => {
  it('a prefix scan that takes siblings', async () => {
    const endless = subject((store) => ({
      range: ({ prefix, ...bounds }: KeyBounds = {}) =>
        store.range(prefix === undefined ? bounds : { gte: prefix, ...bounds }),
    }));
    await rejects(endless, /takes no neighbours of a prefix/);
  });

  it('a prefix scan that stops at the delimiter of the prefix, and one that goes on to what the prefix extends', async () => {
    const trimmed = (prefix: string | undefined): string | undefined => prefix?.replace(/:$/, '');
    const withSiblings = subject((store) => ({
      range: ({ prefix, ...bounds }: KeyBounds = {}) => {
        const wider = trimmed(prefix);
        return store.range(wider === undefined ? bounds : { ...bounds, prefix: wider });
      },
    }));
    await rejects(withSiblings, /takes no neighbours of a prefix/);
  });

  it('a batch that is not atomic', async () => {
    const oneByOne = subject((store) => ({
      apply: ({ records = [], removed = [], meta = [] }) => {
        store.apply({ removed, meta });
        for (const record of records) store.apply({ records: [record] });
      },
    }));
    await rejects(oneByOne, /applies nothing of a batch that throws/);
  });

  it('a batch that is not atomic in a crash: records one by one', async () => {
    const oneByOne = diskSubject('wrong', async (batches, write) => {
      for (const { records = [], removed = [], meta = [] } of batches) {
        for (const record of records) {
          write({ records: [record] });
          await Promise.resolve();
        }
        write({ removed, meta });
      }
    });
    await rejects(oneByOne, /all of a batch or nothing/);
  });

  it('a batch that is not atomic in a crash: metadata in a transaction of its own', async () => {
    const metaLater = diskSubject('wrong', async (batches, write) => {
      await whole(
        batches.map(({ records = [], removed = [] }) => ({ records, removed })),
        write,
      );
      await Promise.resolve();
      await whole(
        batches.map(({ meta = [] }) => ({ meta })),
        write,
      );
    });
    await rejects(metaLater, /all of a batch or nothing/);
  });

  it('a flush that lies', async () => {
    await rejects(
      diskSubject('wrong', () => undefined),
      /outlives a crash/,
    );
  });

  it('a flush that settles before it is done', async () => {
    const early = diskSubject('wrong', (batches, write) => {
      void Promise.resolve(undefined).then(() => whole(batches, write));
    });
    await rejects(early, /outlives a crash/);
  });

  it('a store that says it is durable and has nothing to prove it', async () => {
    await rejects(
      subject(() => ({ durable: true })),
      /outlives a crash/,
    );
  });

  it('a store that forgets an order by time in a crash', async () => {
    const forgetful = diskSubject('wrong', whole, (store) => wrapped(() => ({ tombstones: () => [] }), store));
    await rejects(forgetful, /after a crash everything that was flushed/);
  });

  it('a `since` that returns overwritten records', async () => {
    const open = (): Store => {
      const log: StoredRecord[] = [];
      return wrapped((store) => ({
        apply: (batch) => {
          store.apply(batch);
          log.push(...(batch.records ?? []));
        },
        since: (origin, after, limit) =>
          log
            .filter((record) => record.origin === origin && record.seq > after)
            .sort((a, b) => a.seq - b.seq)
            .slice(0, limit),
      }));
    };
    await rejects({ name: 'wrong', open }, /leaves out of `since`/);
  });

  it('an order by UTF-16', async () => {
    const byUnits = subject((store) => ({
      range: (bounds: KeyBounds = {}) => {
        const records = [...store.range(bounds)].sort((a, b) => (a.key < b.key ? -1 : 1));
        return bounds.reverse === true ? records.reverse() : records;
      },
    }));
    await rejects(byUnits, /order of UTF-8 bytes/);
  });
});

describe('the suite rejects orders by time', () => {
  it('that are by key', async () => {
    const byKey = (records: readonly StoredRecord[]): StoredRecord[] =>
      [...records].sort((a, b) => (a.key < b.key ? -1 : 1));
    await rejects(
      subject((store) => ({ tombstones: (before, limit) => byKey(store.tombstones(before, limit)) })),
      /the lowest version first|moves a record/,
    );
    await rejects(
      subject((store) => ({ expiring: (untilMs, limit) => byKey(store.expiring(untilMs, limit)) })),
      /the earliest first|moves a record/,
    );
  });

  it('that are off by one at their bound', async () => {
    await rejects(
      subject((store) => ({ expiring: (untilMs, limit) => store.expiring(untilMs - 1, limit) })),
      /what expires, the earliest first/,
    );
    await rejects(
      subject((store) => ({ tombstones: (before, limit) => store.tombstones(before + 1, limit) })),
      /tombstones, the lowest version first/,
    );
  });

  it('without a limit', async () => {
    await rejects(
      subject((store) => ({ expiring: (untilMs) => store.expiring(untilMs, 1_000) })),
      /what expires, the earliest first/,
    );
  });

  it('that keep what was replaced', async () => {
    const open = (): Store => {
      const log: StoredRecord[] = [];
      return wrapped((store) => ({
        apply: (batch) => {
          store.apply(batch);
          log.push(...(batch.records ?? []));
        },
        expiring: (untilMs, limit) =>
          log
            .filter(({ value, expiresAt }) => value !== null && expiresAt > 0 && expiresAt <= untilMs)
            .sort((a, b) => a.expiresAt - b.expiresAt)
            .slice(0, limit),
      }));
    };
    await rejects({ name: 'wrong', open }, /leaves out of both orders/);
  });

  it('that give deleted records as expiring', async () => {
    const both = subject((store) => ({
      expiring: (untilMs, limit) =>
        [...store.range()]
          .filter(({ expiresAt }) => expiresAt > 0 && expiresAt <= untilMs)
          .sort((a, b) => a.expiresAt - b.expiresAt)
          .slice(0, limit),
    }));
    await rejects(both, /became a tombstone/);
  });
});
