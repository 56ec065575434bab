import type { StoredRecord } from '@simpledht/wire';
import { hash64 } from './hash.ts';

/** What `ContentSum` counts, as kept in metadata. */
export interface ContentFigures {
  readonly live: number;
  readonly tombstones: number;
  readonly count: number;
  readonly high: number;
  readonly low: number;
}

/**
 * Counts and the 64-bit sum of hashes, kept by difference, so that two replicas with equal vectors compare a million
 * records by two numbers. Records with an expiry are left out of the sum: nodes expire them at slightly different times.
 */
export class ContentSum {
  /** Records with a value; expired ones count until they are swept. */
  live = 0;
  tombstones = 0;
  /** Live records without expiry, and the sum of their hashes modulo 2⁶⁴ in unsigned halves. */
  count = 0;
  high = 0;
  low = 0;

  constructor(figures?: ContentFigures) {
    if (figures !== undefined) Object.assign(this, figures);
  }

  replace(previous: StoredRecord | undefined, next: StoredRecord | undefined): void {
    if (previous !== undefined) this.#remove(previous);
    if (next !== undefined) this.#add(next);
  }

  equals(other: { readonly count: number; readonly sumHigh: number; readonly sumLow: number }): boolean {
    return this.count === other.count && this.high === other.sumHigh && this.low === other.sumLow;
  }

  #add(record: StoredRecord): void {
    if (record.value === null) {
      this.tombstones += 1;
      return;
    }
    this.live += 1;
    if (record.expiresAt !== 0) return;
    const { high, low } = hash64(record);
    this.count += 1;
    this.low = (this.low + low) >>> 0;
    this.high = (this.high + high + Number(this.low < low)) >>> 0;
  }

  #remove(record: StoredRecord): void {
    if (record.value === null) {
      this.tombstones -= 1;
      return;
    }
    this.live -= 1;
    if (record.expiresAt !== 0) return;
    const { high, low } = hash64(record);
    this.count -= 1;
    this.high = (this.high - high - Number(this.low < low)) >>> 0;
    this.low = (this.low - low) >>> 0;
  }
}
