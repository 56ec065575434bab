import type { Clock, TimerHandle } from '@simpledht/transport';
import type { Instant } from '@simpledht/wire';

/** The one timer of a core: armed for the core's next deadline, and again only when that changes. */
export class Wakeup {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: TimerHandle | undefined;
  #armedFor = Infinity;
  #closed = false;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  arm(deadlineMs: number | undefined): void {
    const deadline = deadlineMs ?? Infinity;
    if (this.#closed || deadline === this.#armedFor) return;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = deadline;
    if (deadline === Infinity) return;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#armedFor = Infinity;
        this.#wake();
      },
      Math.max(0, deadline - this.#clock.monotonic()),
    );
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

export function instant(clock: Clock): Instant {
  return { monotonicMs: clock.monotonic(), wallMs: clock.now() };
}
