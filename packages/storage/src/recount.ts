import { compareKeys, limits, type StoredRecord } from '@simpledht/wire';
import { ContentSum, hashOf, type SumFollower } from './content-sum.ts';
import type { Hash64 } from './hash.ts';
import type { Store } from './store.ts';

/**
 * Counts a store anew, a few records at a time, while it changes, and sums each bucket of keys apart. It finds what sums
 * that are kept by difference cannot: a record that the store lost. Two replicas that should be equal and are not
 * find the keys by their buckets.
 *
 * 1. What is counted is always right for the keys up to `#reached`: changes of those are followed, others come later.
 */
export class Recount implements SumFollower {
  readonly figures: ContentSum = new ContentSum();
  readonly #high = new Uint32Array(limits.buckets);
  readonly #low = new Uint32Array(limits.buckets);
  /** The last key that was counted; `undefined` before the first. */
  #reached: string | undefined;
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Counts on, at most `most` records. True when all are counted. */
  advance(store: Store, most: number): boolean {
    if (this.#isDone) return true;
    let left = most;
    for (const record of store.range(this.#reached === undefined ? {} : { gt: this.#reached })) {
      this.#reached = record.key;
      this.add(record, hashOf(record));
      if (--left === 0) return false;
    }
    this.#isDone = true;
    return true;
  }

  add(record: StoredRecord, hash: Hash64 | undefined): void {
    if (!this.#includes(record.key)) return;
    this.figures.add(record, hash);
    if (hash === undefined) return;
    const bucket = bucketOf(record.key);
    const low = ((this.#low[bucket] ?? 0) + hash.low) >>> 0;
    this.#low[bucket] = low;
    this.#high[bucket] = (this.#high[bucket] ?? 0) + hash.high + Number(low < hash.low);
  }

  remove(record: StoredRecord, hash: Hash64 | undefined): void {
    if (!this.#includes(record.key)) return;
    this.figures.remove(record, hash);
    if (hash === undefined) return;
    const bucket = bucketOf(record.key);
    const low = this.#low[bucket] ?? 0;
    this.#low[bucket] = low - hash.low;
    this.#high[bucket] = (this.#high[bucket] ?? 0) - hash.high - Number(low < hash.low);
  }

  /** The sums of all buckets, as they travel. */
  sums(): Uint8Array {
    const bytes = new Uint8Array(limits.buckets * 8);
    const view = new DataView(bytes.buffer);
    for (let bucket = 0; bucket < limits.buckets; bucket++) {
      view.setUint32(bucket * 8, this.#high[bucket] ?? 0);
      view.setUint32(bucket * 8 + 4, this.#low[bucket] ?? 0);
    }
    return bytes;
  }

  #includes(key: string): boolean {
    return this.#isDone || (this.#reached !== undefined && compareKeys(key, this.#reached) <= 0);
  }
}

/**
 * The bucket of a key, the same on every node: part of the protocol. FNV-1a (Fowler, Noll, Vo; public domain) over the
 * units of the key, with the upper half folded in: its low bits alone depend on the low bits of the key alone.
 */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) & (limits.buckets - 1);
}

/** The buckets whose sums differ, as a page request names them; `undefined` when none does. */
export function differingBuckets(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  const bits = new Uint8Array(limits.buckets / 8);
  let isDifferent = false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue;
    const bucket = at >> 3;
    bits[bucket >> 3] = (bits[bucket >> 3] ?? 0) | (1 << (bucket & 7));
    isDifferent = true;
  }
  return isDifferent ? bits : undefined;
}

/** Whether a page request asks for this key. */
export function isInBuckets(buckets: Uint8Array, key: string): boolean {
  if (buckets.length === 0) return true;
  const bucket = bucketOf(key);
  return ((buckets[bucket >> 3] ?? 0) & (1 << (bucket & 7))) !== 0;
}
