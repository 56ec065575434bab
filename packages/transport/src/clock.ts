/** The Clock port: time and timers, handed in so that everything above runs in virtual time as well. */
export interface Clock {
  /** Wall clock, ms since 1970; may jump. */
  now(): number;
  /** Never goes back; ms with fractions, from any zero. */
  monotonic(): number;
  /** Timers do not keep the process alive. */
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  /** Runs `callback` after the work of this turn: after promise callbacks, before the next timer or datagram where it can. */
  defer(callback: () => void): void;
}

/** What `setTimeout` gave; opaque. */
export type TimerHandle = object;

/** The computer's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    return setTimeout(callback, delayMs).unref();
  },
  clearTimeout(handle) {
    clearTimeout(handle as NodeJS.Timeout);
  },
  defer(callback) {
    setImmediate(callback);
  },
};
