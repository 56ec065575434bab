/** The transport's allowance for handshakes from one network: 20 a second, 5 at once. */
const pauseMs = 50;
const burst = 5;

/** Lets as many through as a peer's transport would, however many want to. A leaky bucket kept as one moment. */
export class Pace {
  #emptyMs = -Infinity;

  /** Undefined when one more may go now, which is then counted; otherwise the moment to ask again. */
  wait(nowMs: number): number | undefined {
    const startMs = Math.max(this.#emptyMs, nowMs);
    if (startMs - nowMs > (burst - 1) * pauseMs) return startMs - (burst - 1) * pauseMs;
    this.#emptyMs = startMs + pauseMs;
    return undefined;
  }
}
