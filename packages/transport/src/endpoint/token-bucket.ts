/** How much may pass: `perSecond` for ever, and `burst` at once after a quiet time. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A second's worth may come at once. */
export function evenRate(perSecond: number): Rate {
  return { perSecond, burst: perSecond };
}

/**
 * For what costs time at once, such as an answer: a quarter of a second's worth, so that its burst holds up nobody
 * for more than some milliseconds.
 */
export function smoothRate(perSecond: number): Rate {
  return { perSecond, burst: Math.max(1, perSecond / 4) };
}

/** A token bucket (RFC 2697 without colours): full at first, refilled evenly. Two numbers, for there are thousands. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** One token; false when there is none. */
  take(nowMs: number): boolean {
    if (this.isEmpty(nowMs)) return false;
    this.#tokens--;
    return true;
  }

  /** Nothing for `ms` from now on. */
  penalize(ms: number, nowMs: number): void {
    this.#atMs = nowMs;
    this.#tokens = 1 - (this.#rate.perSecond * ms) / 1000;
  }

  isEmpty(nowMs: number): boolean {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    return this.#tokens < 1;
  }
}
