import type { StoredRecord } from '@simpledht/wire';

/** Bounds the memory of a node whose writes are overwritten while a peer does not answer; the oldest are let go first. */
export const maxOvertaken = 4_096;

/** An own write that is gone and the key whose record took its place. */
export interface OvertakenWrite {
  readonly seq: number;
  readonly key: string;
}

/**
 * Own writes that another node's overwrote before every peer had them. A delta leaves them out, and a peer that covers
 * them must not be left with neither: until everyone has covered them, the record that took the place goes along.
 */
export class Overtaken {
  readonly #keys = new Map<number, string>();
  /** Everyone has covered the own origin up to here. */
  #droppedTo = 0;

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  note({ seq, key }: StoredRecord): void {
    this.#keys.set(seq, key);
    if (this.#keys.size <= maxOvertaken) return;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  /** The writes (from, to] that were overwritten, ascending. */
  within(from: number, to: number): OvertakenWrite[] {
    const writes: OvertakenWrite[] = [];
    for (const [seq, key] of this.#keys) if (seq > from && seq <= to) writes.push({ seq, key });
    return writes.sort((a, b) => a.seq - b.seq);
  }

  /** Everyone has covered the writes up to `seq`. */
  drop(seq: number): void {
    if (seq === this.#droppedTo) return;
    this.#droppedTo = seq;
    for (const candidate of this.#keys.keys()) if (candidate <= seq) this.#keys.delete(candidate);
  }

  /** The own origin changed: the numbers speak of another one. */
  clear(): void {
    this.#keys.clear();
    this.#droppedTo = 0;
  }
}
