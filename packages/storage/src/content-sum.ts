import type { StoredRecord } from '@simpledht/wire';
import { hash64, type Hash64 } from './hash.ts';

/** What `ContentSum` counts, as kept in metadata. */
export interface ContentFigures {
  readonly live: number;
  readonly tombstones: number;
  readonly count: number;
  readonly high: number;
  readonly low: number;
}

/** Follows every change of the sums, with the record's hash where it counts: see Recount. */
export interface SumFollower {
  add(record: StoredRecord, hash: Hash64 | undefined): void;
  remove(record: StoredRecord, hash: Hash64 | undefined): void;
}

/**
 * Counts and the 64-bit sum of hashes, kept by difference, so that two replicas with equal vectors compare a million
 * records by two numbers. Records with an expiry are left out of the sum: nodes expire them at slightly different times.
 * So are tombstones: nodes purge them at different times.
 */
export class ContentSum implements SumFollower {
  /** Records with a value; expired ones count until they are swept. */
  live = 0;
  tombstones = 0;
  /** Live records without expiry, and the sum of their hashes modulo 2⁶⁴ in unsigned halves. */
  count = 0;
  high = 0;
  low = 0;
  follower: SumFollower | undefined;

  constructor(figures?: ContentFigures) {
    if (figures !== undefined) this.become(figures);
  }

  become({ live, tombstones, count, high, low }: ContentFigures): void {
    this.live = live;
    this.tombstones = tombstones;
    this.count = count;
    this.high = high;
    this.low = low;
  }

  replace(previous: StoredRecord | undefined, next: StoredRecord | undefined): void {
    if (previous !== undefined) {
      const hash = hashOf(previous);
      this.remove(previous, hash);
      this.follower?.remove(previous, hash);
    }
    if (next !== undefined) {
      const hash = hashOf(next);
      this.add(next, hash);
      this.follower?.add(next, hash);
    }
  }

  equals(other: { readonly count: number; readonly sumHigh: number; readonly sumLow: number }): boolean {
    return this.count === other.count && this.high === other.sumHigh && this.low === other.sumLow;
  }

  /** Only a record with a value has a hash; reading the value itself costs more than counting. */
  add(record: StoredRecord, hash: Hash64 | undefined): void {
    if (hash === undefined) {
      if (record.value === null) this.tombstones += 1;
      else this.live += 1;
      return;
    }
    this.live += 1;
    this.count += 1;
    this.low = (this.low + hash.low) >>> 0;
    this.high = (this.high + hash.high + Number(this.low < hash.low)) >>> 0;
  }

  remove(record: StoredRecord, hash: Hash64 | undefined): void {
    if (hash === undefined) {
      if (record.value === null) this.tombstones -= 1;
      else this.live -= 1;
      return;
    }
    this.live -= 1;
    this.count -= 1;
    this.high = (this.high - hash.high - Number(this.low < hash.low)) >>> 0;
    this.low = (this.low - hash.low) >>> 0;
  }
}

/** The hash of a record that counts in the sum. */
export function hashOf(record: StoredRecord): Hash64 | undefined {
  if (record.expiresAt !== 0) return undefined;
  const { value } = record;
  return value === null ? undefined : hash64(record, value);
}
