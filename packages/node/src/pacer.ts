import type { Clock } from '@simpledht/transport';

/** How long writers may keep the event loop to themselves before timers and datagrams get a turn, ms. */
const turnBudgetMs = 2;
/** Bytes written here and not yet sent at which writers wait for the next turn. */
const unsentBudgetBytes = 256 * 1024;

/**
 * Backpressure for writers: a loop of awaited writes never leaves the microtask queue by itself, and a million of
 * them would let no timer and no datagram through for most of a second.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #unsentBytes: () => number;
  #turnStartMs = -1;
  #nextTurn: Promise<void> | undefined;

  constructor(clock: Clock, unsentBytes: () => number) {
    this.#clock = clock;
    this.#unsentBytes = unsentBytes;
  }

  /** `undefined` while this turn is young and little is unsent, else a promise of the next turn. */
  wait(): Promise<void> | undefined {
    if (this.#nextTurn !== undefined) return this.#nextTurn;
    const now = this.#clock.monotonic();
    if (this.#turnStartMs < 0) {
      this.#turnStartMs = now;
      this.#clock.defer(() => {
        this.#turnStartMs = -1;
      });
    }
    if (now - this.#turnStartMs < turnBudgetMs && this.#unsentBytes() < unsentBudgetBytes) return undefined;
    this.#nextTurn = new Promise<void>((resolve) => {
      this.#clock.defer(() => {
        this.#nextTurn = undefined;
        resolve();
      });
    });
    return this.#nextTurn;
  }
}
