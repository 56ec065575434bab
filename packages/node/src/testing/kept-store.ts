import type { KeyBounds, Store, StoreBatch } from '@simpledht/storage';
import type { Origin, StoredRecord } from '@simpledht/wire';

/** A store whose data outlives its closing, as a disk's does: a restarted node is given the same data. */
export class KeptStore implements Store {
  readonly #store: Store;
  #isCutOff = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The process is dead: what it would still write is lost. */
  cutOff(): void {
    this.#isCutOff = true;
  }

  /** The same data for the next process. */
  reopened(): KeptStore {
    return new KeptStore(this.#store);
  }

  get(key: string): StoredRecord | undefined {
    return this.#store.get(key);
  }

  range(bounds?: KeyBounds): Iterable<StoredRecord> {
    return this.#store.range(bounds);
  }

  since(origin: Origin, after: number, limit: number): readonly StoredRecord[] {
    return this.#store.since(origin, after, limit);
  }

  expiring(untilMs: number, limit: number): readonly StoredRecord[] {
    return this.#store.expiring(untilMs, limit);
  }

  tombstones(before: number, limit: number): readonly StoredRecord[] {
    return this.#store.tombstones(before, limit);
  }

  meta(name: string): Uint8Array | undefined {
    return this.#store.meta(name);
  }

  apply(batch: StoreBatch): void {
    if (!this.#isCutOff) this.#store.apply(batch);
  }

  flush(): Promise<void> | undefined {
    return this.#store.flush();
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
