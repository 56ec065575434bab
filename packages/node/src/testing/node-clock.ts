import type { Clock, TimerHandle } from '@simpledht/transport';

interface Timer {
  inner: TimerHandle | undefined;
  isCleared: boolean;
}

/** One process's view of the cluster's time: its wall clock may be off, and the whole process may stand still. */
export class NodeClock implements Clock {
  /** How far the wall clock is off, ms. A change is a jump. */
  offsetMs = 0;
  /** How long each turn of the process takes on its processor, ms; the next waits for it. */
  costMs = 0;
  #busyUntilMs = 0;
  readonly #clock: Clock;
  #held: (() => void)[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  now(): number {
    return Math.floor(this.#clock.now() + this.offsetMs);
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer: Timer = { inner: undefined, isCleared: false };
    timer.inner = this.#clock.setTimeout(() => {
      this.run(() => {
        if (!timer.isCleared) callback();
      });
    }, delayMs);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    if (!isTimer(handle)) return;
    handle.isCleared = true;
    if (handle.inner !== undefined) this.#clock.clearTimeout(handle.inner);
  }

  defer(callback: () => void): void {
    this.#clock.defer(() => {
      this.run(callback);
    });
  }

  /** Runs something of this process now, or when it goes on. */
  run(callback: () => void): void {
    if (this.#held !== undefined) this.#held.push(callback);
    else if (this.costMs === 0 && this.#busyUntilMs <= this.#clock.monotonic()) callback();
    else this.#wait(callback);
  }

  /** In its turn: nothing overtakes what waits for the processor. */
  #wait(callback: () => void): void {
    const nowMs = this.#clock.monotonic();
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + this.costMs;
    this.#clock.setTimeout(() => {
      if (this.#held === undefined) callback();
      else this.#held.push(callback);
    }, this.#busyUntilMs - nowMs);
  }

  pause(): void {
    this.#held ??= [];
  }

  /** What has come due meanwhile happens in its order, each in a turn of its own. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const callback of held) this.defer(callback);
  }
}

function isTimer(handle: TimerHandle): handle is Timer {
  return 'isCleared' in handle;
}
