/** The transport's allowance for handshakes from one network: 20 a second, 5 at once. */
const pauseMs = 50;
const burst = 5;

/** Lets as many through as a peer's transport would, however many want to. A leaky bucket kept as one moment. */
export class Pace {
  #emptyMs = -Infinity;

  /** From when on one more may go. */
  get freeMs(): number {
    return this.#emptyMs - (burst - 1) * pauseMs;
  }

  /** One goes now. */
  take(nowMs: number): void {
    this.#emptyMs = Math.max(this.#emptyMs, nowMs) + pauseMs;
  }
}
