import { limits, type Origin, type StoredRecord } from '@simpledht/wire';

/** Bounds the memory of a node whose peers do not answer, per origin; the oldest are let go first. */
const maxOvertaken = 1_024;

/** A write that is gone and the key whose record took its place. */
export interface OvertakenWrite {
  readonly seq: number;
  readonly key: string;
}

/**
 * Writes that a write of another origin took the place of before every peer had them. A delta leaves them out, and a peer
 * that covers them must not be left with neither: until everyone has covered them, the record that took the place goes
 * along. Without that, a peer could keep a record that was deleted, while the tombstone is purged everywhere else.
 *
 * Bounded by `maxOvertaken` for each of at most as many origins as a vector has.
 */
export class Overtaken {
  readonly #origins = new Map<Origin, Map<number, string>>();

  get isEmpty(): boolean {
    return this.#origins.size === 0;
  }

  origins(): IterableIterator<Origin> {
    return this.#origins.keys();
  }

  note({ origin, seq, key }: StoredRecord): void {
    let keys = this.#origins.get(origin);
    if (keys === undefined) {
      const [first] = this.#origins.keys();
      if (this.#origins.size >= limits.maxOrigins && first !== undefined) this.#origins.delete(first);
      keys = new Map();
      this.#origins.set(origin, keys);
    }
    keys.set(seq, key);
    if (keys.size <= maxOvertaken) return;
    const [oldest] = keys.keys();
    if (oldest !== undefined) keys.delete(oldest);
  }

  /** The writes (from, to] of an origin that were overtaken, ascending. */
  within(origin: Origin, from: number, to: number): OvertakenWrite[] {
    const writes: OvertakenWrite[] = [];
    for (const [seq, key] of this.#origins.get(origin) ?? []) if (seq > from && seq <= to) writes.push({ seq, key });
    return writes.sort((a, b) => a.seq - b.seq);
  }

  /** Everyone has covered the origin's writes up to `seq`. */
  drop(origin: Origin, seq: number): void {
    const keys = this.#origins.get(origin);
    if (keys === undefined) return;
    for (const candidate of keys.keys()) if (candidate <= seq) keys.delete(candidate);
    if (keys.size === 0) this.#origins.delete(origin);
  }
}
