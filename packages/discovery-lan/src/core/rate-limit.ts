interface Bucket {
  tokens: number;
  filledMs: number;
}

export interface RateLimitOptions {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #bucket: Bucket;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#bucket = { tokens: options.burst, filledMs: -Infinity };
  }

  take(nowMs: number): boolean {
    return takeFrom(this.#bucket, this.#options, nowMs);
  }

  /** It holds as much as it can, so that a new one in its place would be the same. */
  isFull(nowMs: number): boolean {
    return filled(this.#bucket, this.#options, nowMs) >= this.#options.burst;
  }
}

/** A bucket for each source. */
export class SourceLimits {
  readonly #options: RateLimitOptions & { readonly maxSources: number };
  /** At most `maxSources`; full buckets make room first, and when there are none the rest shares one. */
  readonly #bySource = new Map<string, RateLimit>();
  readonly #others: RateLimit;

  constructor(options: RateLimitOptions & { readonly maxSources: number }) {
    this.#options = options;
    this.#others = new RateLimit(options);
  }

  get size(): number {
    return this.#bySource.size;
  }

  take(source: string, nowMs: number): boolean {
    return this.#limitOf(source, nowMs).take(nowMs);
  }

  #limitOf(source: string, nowMs: number): RateLimit {
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    if (this.#bySource.size >= this.#options.maxSources) this.#dropFull(nowMs);
    if (this.#bySource.size >= this.#options.maxSources) return this.#others;
    const limit = new RateLimit(this.#options);
    this.#bySource.set(source, limit);
    return limit;
  }

  #dropFull(nowMs: number): void {
    for (const [source, limit] of this.#bySource) if (limit.isFull(nowMs)) this.#bySource.delete(source);
  }
}

function filled({ tokens, filledMs }: Bucket, { perSecond, burst }: RateLimitOptions, nowMs: number): number {
  return Math.min(burst, tokens + ((nowMs - filledMs) / 1000) * perSecond);
}

function takeFrom(bucket: Bucket, options: RateLimitOptions, nowMs: number): boolean {
  bucket.tokens = filled(bucket, options, nowMs);
  bucket.filledMs = nowMs;
  if (bucket.tokens < 1) return false;
  bucket.tokens--;
  return true;
}
