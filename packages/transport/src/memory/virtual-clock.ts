import type { Clock, TimerHandle } from '../clock.ts';
import type { Deadline } from '../deadline-queue.ts';
import { DeadlineQueue } from '../deadline-queue.ts';

class Timer implements Deadline {
  readonly dueMs: number;
  readonly callback: () => void;
  done = false;

  constructor(dueMs: number, callback: () => void) {
    this.dueMs = dueMs;
    this.callback = callback;
  }
}

/** One turn of the real event loop: every promise callback that is ready runs. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that moves only when told to: hours of timers in a moment, and the same run for the same seed.
 *
 * Timers run in order of time, then of their setting. After those of one instant, promise callbacks run until none is
 * left, then what was deferred, and so on until the instant is done.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new DeadlineQueue<Timer>();
  #deferred: (() => void)[] = [];
  #elapsedMs = 0;
  #running = false;

  /** `startMs`: wall clock at the beginning, ms since 1970. */
  constructor(startMs: number = 1_700_000_000_000) {
    this.#startMs = startMs;
  }

  now(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = new Timer(this.#elapsedMs + Math.max(0, delayMs), callback);
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    if (!(handle instanceof Timer) || handle.done) return;
    handle.done = true;
    this.#timers.onDone();
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Lets `ms` pass. Rejects with what a callback throws. */
  async advance(ms: number): Promise<void> {
    await this.#run(() => false, this.#elapsedMs + ms);
  }

  /** Lets time pass until `predicate` holds, `maxMs` at most; resolves with whether it holds. It is asked between instants. */
  async runUntil(predicate: () => boolean, maxMs: number): Promise<boolean> {
    return this.#run(predicate, this.#elapsedMs + maxMs);
  }

  async #run(predicate: () => boolean, endMs: number): Promise<boolean> {
    if (this.#running) throw new Error('The virtual clock is running already');
    this.#running = true;
    try {
      await settlePromises();
      while (!predicate()) {
        if (this.#deferred.length > 0) this.#runDeferred();
        else if (!this.#runNextInstant(endMs)) return predicate();
        await settlePromises();
      }
      return true;
    } finally {
      this.#running = false;
    }
  }

  #runDeferred(): void {
    const callbacks = this.#deferred;
    this.#deferred = [];
    for (const callback of callbacks) callback();
  }

  /** False when no timer is due by `endMs`; time is `endMs` then. */
  #runNextInstant(endMs: number): boolean {
    const dueMs = this.#timers.first?.dueMs;
    if (dueMs === undefined || dueMs > endMs) {
      this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
      return false;
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, dueMs);
    for (const timer of this.#timers.takeDue(dueMs)) {
      if (timer.done) continue;
      timer.done = true;
      timer.callback();
    }
    return true;
  }
}
