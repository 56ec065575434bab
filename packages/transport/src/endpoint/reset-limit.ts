/** At most so many resets in a second, whoever provokes them. */
export class ResetLimit {
  readonly #maxPerSecond: number;
  #sent = 0;
  #fromMs = -Infinity;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  take(nowMs: number): boolean {
    if (nowMs - this.#fromMs >= 1000) {
      this.#fromMs = nowMs;
      this.#sent = 0;
    }
    return this.#sent++ < this.#maxPerSecond;
  }
}
