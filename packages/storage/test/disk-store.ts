import { memoryStore, type Store, type StoreBatch } from '../src/index.ts';
import type { StoreSubject } from '../src/compliance/index.ts';
import { wrapped } from './wrong-stores.ts';

/** How a store brings batches to its disk: by calling `write` with what is on it from then on. */
export type Writing = (batches: readonly StoreBatch[], write: (batch: StoreBatch) => void) => Promise<void> | void;

/** The right way: all of them in one step, some time later. */
export const whole: Writing = async (batches, write) => {
  await Promise.resolve();
  await Promise.resolve();
  write({
    records: batches.flatMap(({ records = [] }) => records),
    meta: batches.flatMap(({ meta = [] }) => meta),
    removed: finallyRemoved(batches),
  });
};

function finallyRemoved(batches: readonly StoreBatch[]): string[] {
  const removed = new Set<string>();
  for (const batch of batches) {
    for (const { key } of batch.records ?? []) removed.delete(key);
    for (const key of batch.removed ?? []) removed.add(key);
  }
  return [...removed];
}

/** A small durable store for the suite: memory, with a disk that outlives a crash. */
export function diskSubject(name: string, writing: Writing = whole, reopened?: (store: Store) => Store): StoreSubject {
  const disks = new WeakMap<Store, readonly StoreBatch[]>();
  const open = (content: readonly StoreBatch[]): Store => {
    const disk = [...content];
    const store = diskStore(disk, writing);
    disks.set(store, disk);
    return store;
  };
  return {
    name,
    open: () => open([]),
    reopenAfterCrash: (store) => {
      const again = open(disks.get(store) ?? []);
      return reopened === undefined ? again : reopened(again);
    },
  };
}

function diskStore(disk: StoreBatch[], writing: Writing): Store {
  const store = memoryStore();
  for (const batch of disk) store.apply(batch);
  let unflushed: StoreBatch[] = [];
  let flushing: Promise<void> = Promise.resolve();
  const methods: Partial<Store> = {
    durable: true,
    apply: (batch) => {
      store.apply(batch);
      unflushed.push(batch);
    },
    flush: () => {
      // Throws when it is closed.
      void store.flush();
      const batches = unflushed;
      unflushed = [];
      flushing = flushing.then(() => writing(batches, (batch) => disk.push(batch)));
      return flushing;
    },
  };
  return wrapped(() => methods, store);
}
