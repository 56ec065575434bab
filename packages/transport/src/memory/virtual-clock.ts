import { nextTick } from 'node:process';
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

/** Turns of virtual time in one turn of the real event loop, which asks the system for news: a fifth of a simulation's time. */
const turnsPerLoop = 64;

/** Every promise callback that is ready runs, and whatever these make ready: ticks come when no promise callback is left. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(resolve);
  });
}

/** The same, and what is real has its turn: signals, sockets, messages of other processes. */
function turnEventLoop(): Promise<void> {
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
      await turnEventLoop();
      for (let turn = 1; !predicate(); turn++) {
        if (this.#deferred.length > 0) this.#runDeferred();
        else if (!this.#runNextInstant(endMs)) return predicate();
        await (turn % turnsPerLoop === 0 ? turnEventLoop() : settlePromises());
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
