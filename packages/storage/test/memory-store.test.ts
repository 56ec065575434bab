import type { StoredRecord } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { storeCompliance } from '../src/compliance/index.ts';
import { memoryStore, type KeyBounds, type Store } from '../src/index.ts';
import { failuresOf, wrapped } from './wrong-stores.ts';

storeCompliance({ describe, it }, { name: 'memory', open: memoryStore });

describe('the suite rejects', () => {
  const rejects = async (make: () => Store, rule: RegExp): Promise<void> => {
    const failures = await failuresOf({ name: 'wrong', open: make });
    expect(failures.join('\n')).toMatch(rule);
  };

  it('no store that is right', async () => {
    expect(await failuresOf({ name: 'memory', open: memoryStore })).toEqual([]);
  });

  it('a prefix scan that takes siblings', async () => {
    const open = (): Store =>
      wrapped((store) => ({
        range: ({ prefix, ...bounds }: KeyBounds = {}) =>
          store.range(prefix === undefined ? bounds : { gte: prefix, ...bounds }),
      }));
    await rejects(open, /prefix/);
  });

  it('a batch that is not atomic', async () => {
    const open = (): Store =>
      wrapped((store) => ({
        apply: ({ records = [], removed = [], meta = [] }) => {
          store.apply({ removed, meta });
          for (const record of records) store.apply({ records: [record] });
        },
      }));
    await rejects(open, /applies nothing of a batch that throws/);
  });

  it('a flush that lies', async () => {
    const lying = (): Store => wrapped(() => ({ durable: true }));
    const failures = await failuresOf({ name: 'wrong', open: lying, reopenAfterCrash: memoryStore });
    expect(failures.join('\n')).toMatch(/outlives a crash/);
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
    await rejects(open, /leaves out of `since`/);
  });

  it('an order by UTF-16', async () => {
    const open = (): Store =>
      wrapped((store) => ({
        range: (bounds: KeyBounds = {}) => {
          const records = [...store.range(bounds)].sort((a, b) => (a.key < b.key ? -1 : 1));
          return bounds.reverse === true ? records.reverse() : records;
        },
      }));
    await rejects(open, /order of UTF-8 bytes/);
  });
});
