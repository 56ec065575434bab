import type { Clock, TimerHandle } from '../clock.ts';

/**
 * Ends turns: one deferred call per turn in which something happened, and one timer for the earliest deadline.
 *
 * The timer is not moved when the deadline recedes, which it does with every packet; it fires, finds nothing due and
 * is set anew. What it finds due is done at the end of the turn too, after the datagrams that waited in the socket,
 * so that a process that stood still for a while does not take unread acknowledgements for lost ones.
 */
export class TurnTimer {
  readonly #clock: Clock;
  readonly #endTurn: (timerFired: boolean) => void;
  #deferred = false;
  #timerFired = false;
  #timer: TimerHandle | undefined;
  #timerMs = Infinity;
  #stopped = false;

  constructor(clock: Clock, endTurn: (timerFired: boolean) => void) {
    this.#clock = clock;
    this.#endTurn = endTurn;
  }

  endTurnSoon(): void {
    if (this.#deferred || this.#stopped) return;
    this.#deferred = true;
    this.#clock.defer(this.#onDeferred);
  }

  /** `atMs`: monotonic. Only the earliest counts. */
  wakeAt(atMs: number): void {
    if (atMs >= this.#timerMs || this.#stopped) return;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timerMs = atMs;
    this.#timer = this.#clock.setTimeout(this.#onTimer, Math.max(0, atMs - this.#clock.monotonic()));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#timerMs = Infinity;
    this.#timerFired = true;
    this.endTurnSoon();
  };

  readonly #onDeferred = (): void => {
    const timerFired = this.#timerFired;
    this.#deferred = false;
    this.#timerFired = false;
    if (!this.#stopped) this.#endTurn(timerFired);
  };
}
