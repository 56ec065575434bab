import type { DeltaRange, Origin, StoredRecord } from '@simpledht/wire';
import { recordBytes } from './record-order.ts';
import type { Span } from './origin-cover.ts';
import type { Store } from './store.ts';

/** Records read from the store at a time. */
const readAhead = 256;
/** Ranges in one delta; each is an origin or a gap. */
const maxRanges = 1_024;

/** Collects ranges and their surviving records up to a number of bytes. */
export class DeltaBuilder {
  readonly ranges: DeltaRange[] = [];
  readonly records: StoredRecord[] = [];
  bytes = 0;
  readonly #store: Store;
  readonly #maxBytes: number;

  constructor(store: Store, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.bytes >= this.#maxBytes || this.ranges.length >= maxRanges;
  }

  /** Adds as much of (from, to] as fits, at least one record; returns the number reached. */
  add(origin: Origin, { from, to }: Span): number {
    const reached = this.#collect(origin, from, to);
    this.ranges.push({ origin, from, to: reached });
    return reached;
  }

  /** Adds records that are merged and cover nothing; those of the ranges are not added twice. */
  addLoose(records: readonly StoredRecord[]): void {
    for (const record of records) {
      if (this.records.includes(record)) continue;
      this.records.push(record);
      this.bytes += recordBytes(record);
    }
  }

  #collect(origin: Origin, from: number, to: number): number {
    let after = from;
    for (;;) {
      const found = this.#store.since(origin, after, readAhead);
      for (const record of found) {
        // Everything up to `to` was seen: what is not among the records was overwritten.
        if (record.seq > to) return to;
        this.records.push(record);
        this.bytes += recordBytes(record);
        if (this.bytes >= this.#maxBytes) return record.seq;
        after = record.seq;
      }
      if (found.length < readAhead) return to;
    }
  }
}
