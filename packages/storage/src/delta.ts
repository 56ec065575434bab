import type { DeltaRange, Origin, StoredRecord } from '@simpledht/wire';
import type { OvertakenWrite } from './overtaken.ts';
import { recordBytes } from './record-order.ts';
import type { OriginCover, Span } from './origin-cover.ts';
import type { Store } from './store.ts';

/** Records read from the store at a time. */
const readAhead = 256;
/** Ranges in one delta; each is an origin or a gap. With one record of the largest size they still fit a message. */
const maxRanges = 1_024;
/** Whatever is configured: well under the largest message, since `recordBytes` counts a key's units and not its bytes. */
const mostBytes = 4_194_304;
/** Half of what a message may hold. */
const maxRecords = 32_768;

/**
 * Collects ranges and their surviving records up to a number of bytes.
 *
 * 1. The sum of the records stays within the bound; only a delta's first record may be larger.
 * 2. A range ends before the first record that does not fit, and before an overtaken write whose successor does not.
 */
export class DeltaBuilder {
  readonly ranges: DeltaRange[] = [];
  readonly records: StoredRecord[] = [];
  bytes = 0;
  readonly #store: Store;
  readonly #maxBytes: number;
  /** Keys of the loose records: a store holds one record of a key, so it tells them apart. Bounded by `maxOvertaken` and the records of a delta. */
  #loose: Set<string> | undefined;
  #isCut = false;
  /** Records of the range that is being collected, under its own numbers. */
  #survivors = 0;

  constructor(store: Store, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = Math.min(maxBytes, mostBytes);
  }

  get isFull(): boolean {
    return this.#isCut || this.bytes >= this.#maxBytes || this.ranges.length >= maxRanges;
  }

  /**
   * Adds as much of (from, to] as fits, at least one record to an empty delta, and with it what took the place of the
   * overtaken writes, as loose records. Returns the number reached; `from` when nothing fitted.
   */
  add(origin: Origin, { from, to }: Span, overtaken: readonly OvertakenWrite[] = [], cover?: OriginCover): number {
    this.#survivors = 0;
    const reached = this.#collect(origin, { from, to }, overtaken);
    // What overwrote a dead number of the range may be of the origin itself, and behind the range.
    const hasDead = this.#survivors < reached - from;
    const more = hasDead ? (cover?.runEnd(reached) ?? reached) - reached : 0;
    if (reached > from) this.ranges.push({ origin, from, to: reached, ...(more > 0 && { more }) });
    return reached;
  }

  /** A plain loop: a generator of the records cost half as much again (measured). */
  #collect(origin: Origin, { from, to }: Span, overtaken: readonly OvertakenWrite[]): number {
    let reached = from;
    const waiting = overtaken.length === 0 ? [] : [...overtaken].reverse();
    for (;;) {
      const found = this.#store.since(origin, reached, readAhead);
      for (const record of found) {
        if (waiting.length > 0) reached = this.#takeSuccessors(origin, waiting, reached, Math.min(record.seq, to + 1));
        // Everything up to `to` was seen: what is not among the records was overwritten.
        if (record.seq > to && !this.#isCut) return to;
        if (this.#isCut || !this.#take(record)) return reached;
        this.#survivors += 1;
        reached = record.seq;
      }
      if (found.length < readAhead) break;
    }
    reached = this.#takeSuccessors(origin, waiting, reached, to + 1);
    return this.#isCut ? reached : to;
  }

  /** Takes those of the waiting, the last of which is the next, that are below a number; returns the number reached. */
  #takeSuccessors(origin: Origin, waiting: OvertakenWrite[], reached: number, below: number): number {
    let last = reached;
    for (let write = waiting.at(-1); write !== undefined && write.seq < below; write = waiting.at(-1)) {
      if (!this.#takeSuccessor(origin, write)) break;
      last = write.seq;
      waiting.pop();
    }
    return last;
  }

  /** A successor of the origin itself comes under its own number, in this delta or in a later one. */
  #takeSuccessor(origin: Origin, { key }: OvertakenWrite): boolean {
    const record = this.#loose?.has(key) === true ? undefined : this.#store.get(key);
    if (record === undefined || record.origin === origin) return true;
    if (!this.#take(record)) return false;
    this.#loose ??= new Set();
    this.#loose.add(record.key);
    return true;
  }

  #take(record: StoredRecord): boolean {
    const bytes = this.bytes + recordBytes(record);
    const { length } = this.records;
    if (length > 0 && (bytes > this.#maxBytes || length >= maxRecords)) {
      this.#isCut = true;
      return false;
    }
    this.records.push(record);
    this.bytes = bytes;
    return true;
  }
}
