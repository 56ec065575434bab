import type { Rate } from './token-bucket.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * A token bucket for each source of packets, in bounded memory.
 *
 * Buckets live in two generations of `maxSources`. One that is not asked for a whole generation is full again, and a
 * full bucket is as good as none, so forgetting it gives nobody anything. A generation that is full takes no new
 * source: those share one bucket, so that spraying source addresses buys one share more and no memory.
 */
export class SourceBuckets {
  readonly #rate: Rate;
  readonly #loopbackRate: Rate;
  readonly #maxSources: number;
  /** As long as the emptiest bucket takes to be full again. */
  readonly #generationMs: number;
  #recent = new Map<string, TokenBucket>();
  #older = new Map<string, TokenBucket>();
  #fromMs: number;
  readonly #rest: TokenBucket;

  constructor(
    limits: { readonly rate: Rate; readonly loopbackRate: Rate; readonly maxSources: number },
    nowMs: number,
  ) {
    this.#rate = limits.rate;
    this.#loopbackRate = limits.loopbackRate;
    this.#maxSources = limits.maxSources;
    this.#generationMs = Math.max(refillMs(limits.rate), refillMs(limits.loopbackRate));
    this.#fromMs = nowMs;
    this.#rest = new TokenBucket(limits.rate, nowMs);
  }

  /** Buckets in memory. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  take(source: string, onLoopback: boolean, nowMs: number): boolean {
    this.#age(nowMs);
    return this.#bucketOf(source, onLoopback, nowMs).take(nowMs);
  }

  /** Nothing more from `source` for `ms`, at most for a generation. Whoever has no bucket of its own is not punished for another. */
  penalize(source: string, onLoopback: boolean, { ms, nowMs }: { readonly ms: number; readonly nowMs: number }): void {
    this.#age(nowMs);
    const bucket = this.#bucketOf(source, onLoopback, nowMs);
    if (bucket !== this.#rest) bucket.penalize(Math.min(ms, this.#generationMs), nowMs);
  }

  #bucketOf(source: string, onLoopback: boolean, nowMs: number): TokenBucket {
    const recent = this.#recent.get(source);
    if (recent !== undefined) return recent;
    // One that the last generation knows has a right to its place; the table is never longer than both.
    const older = this.#older.get(source);
    if (older === undefined && this.#recent.size >= this.#maxSources) return this.#rest;
    this.#older.delete(source);
    const bucket = older ?? new TokenBucket(onLoopback ? this.#loopbackRate : this.#rate, nowMs);
    this.#recent.set(source, bucket);
    return bucket;
  }

  #age(nowMs: number): void {
    const elapsedMs = nowMs - this.#fromMs;
    if (elapsedMs < this.#generationMs) return;
    const emptied = this.#older;
    emptied.clear();
    this.#older = elapsedMs < 2 * this.#generationMs ? this.#recent : new Map<string, TokenBucket>();
    this.#recent = emptied;
    this.#fromMs = nowMs;
  }
}

function refillMs({ perSecond, burst }: Rate): number {
  return (burst / perSecond) * 1000;
}
