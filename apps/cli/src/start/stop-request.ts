const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Signals this close together are one key press: npm hands a Ctrl+C on to a child that the terminal has told already.
 * A guess, above any such delay and below the speed of a finger that means it. Ms.
 */
const onePressMs = 250;
/** The longest timer there is, ms. */
const foreverMs = 2_147_483_647;

/**
 * Waits for the first request to stop. A second one ends the process the way it would without us, unless it belongs to
 * the same key press or the work is over: then the process ends by itself, with the exit code that it has earned.
 */
export class StopRequest {
  readonly requested: Promise<NodeJS.Signals>;
  readonly #listener: (signal: NodeJS.Signals) => void;
  /** Promises do not keep a process alive; this does. */
  readonly #alive: NodeJS.Timeout = setInterval(() => undefined, foreverMs);
  #firstMs: number | undefined;
  #isClosed = false;

  constructor() {
    let resolve: (signal: NodeJS.Signals) => void = () => undefined;
    this.requested = new Promise((settle) => {
      resolve = settle;
    });
    this.#listener = (signal) => {
      this.#hear(signal, resolve);
    };
    for (const signal of signals) process.on(signal, this.#listener);
  }

  /**
   * The work is over: the process may end. Signals that are still under way must not kill it while it does, so they are
   * heard, and ignored, for one key press more; a process that goes on for longer is as it was before.
   */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#alive);
    setTimeout(() => {
      this.#unlisten();
    }, onePressMs).unref();
  }

  #unlisten(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }

  #hear(signal: NodeJS.Signals, resolve: (signal: NodeJS.Signals) => void): void {
    if (this.#isClosed) return;
    const now = performance.now();
    if (this.#firstMs === undefined) {
      this.#firstMs = now;
      resolve(signal);
    } else if (now - this.#firstMs > onePressMs) {
      this.#unlisten();
      process.kill(process.pid, signal);
    }
  }
}
