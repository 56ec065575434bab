import type { StoredRecord } from '@simpledht/wire';

/** Stale entries are let go when they are more than the live ones, and more than this. */
const staleAllowance = 1_024;

interface Entry {
  readonly at: number;
  readonly record: StoredRecord;
}

/**
 * Records by a time, the earliest first: a binary heap whose entries are left behind when their record is replaced and
 * dropped when they come up, because most entries never come up before they are stale.
 *
 * 1. Every record that was added and is still held has exactly one entry.
 * 2. Stale entries are at most as many as live ones, or `staleAllowance`: neither overwriting for ever nor deleting
 *    everything keeps memory.
 */
export class TimeIndex {
  #heap: Entry[] = [];
  readonly #isHeld: (record: StoredRecord) => boolean;
  readonly #timeOf: (record: StoredRecord) => number;
  #stale = 0;

  constructor(isHeld: (record: StoredRecord) => boolean, timeOf: (record: StoredRecord) => number) {
    this.#isHeld = isHeld;
    this.#timeOf = timeOf;
  }

  /** Entries kept, stale ones included. */
  get entries(): number {
    return this.#heap.length;
  }

  add(record: StoredRecord): void {
    this.#push({ at: this.#timeOf(record), record });
  }

  /** Tells that a record that was added is held no longer. */
  letGo(): void {
    this.#stale += 1;
    if (this.#stale > staleAllowance && this.#stale * 2 > this.#heap.length) this.#clean();
  }

  /** The held records with a time of at most `until`, ascending, at most `limit`. */
  first(until: number, limit: number): StoredRecord[] {
    const found: Entry[] = [];
    for (let top = this.#heap[0]; top !== undefined && top.at <= until && found.length < limit; top = this.#heap[0]) {
      this.#pop();
      if (this.#isHeld(top.record)) found.push(top);
      else this.#stale -= 1;
    }
    for (const entry of found) this.#push(entry);
    return found.map(({ record }) => record);
  }

  clear(): void {
    this.#heap = [];
    this.#stale = 0;
  }

  #clean(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(({ record }) => this.#isHeld(record)).sort((a, b) => a.at - b.at);
    this.#stale = 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || parent.at <= entry.at) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const entry = heap[child];
      if (entry === undefined || entry.at >= last.at) break;
      heap[at] = entry;
      at = child;
    }
    heap[at] = last;
  }

  #smallerChild(at: number): number {
    const left = 2 * at + 1;
    const right = this.#heap[left + 1];
    return right !== undefined && right.at < (this.#heap[left]?.at ?? Infinity) ? left + 1 : left;
  }
}
