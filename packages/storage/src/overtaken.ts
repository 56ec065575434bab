import type { StoredRecord } from '@simpledht/wire';
import type { Store } from './store.ts';

/** Bounds the memory of a node whose writes are overwritten while a peer does not answer; the oldest are let go first. */
const maxOvertaken = 4_096;

/**
 * Own writes that another node's overwrote before every peer had them. A delta leaves them out, and a peer that covers
 * them must not be left with neither: until everyone has covered them, the record that took the place goes along.
 */
export class Overtaken {
  readonly #keys = new Map<number, string>();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  note({ seq, key }: StoredRecord): void {
    this.#keys.set(seq, key);
    if (this.#keys.size <= maxOvertaken) return;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  /** What overwrote the writes (from, to]. */
  within(from: number, to: number): StoredRecord[] {
    const records: StoredRecord[] = [];
    for (const [seq, key] of this.#keys) {
      const record = seq > from && seq <= to ? this.#store.get(key) : undefined;
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** Everyone has covered the writes up to `seq`. */
  drop(seq: number): void {
    for (const candidate of this.#keys.keys()) if (candidate <= seq) this.#keys.delete(candidate);
  }
}
