import { onAbort, type Clock } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import { checkedTimeout } from './options.ts';

export interface WaitOptions {
  /** How long to wait, ms; for ever by default. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** How a wait may end before what it waits for. */
export interface WaitBounds {
  readonly clock: Clock;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** What a wait that took too long rejects with. */
  readonly late: () => Error;
}

/** Settles with `promise`, or rejects with `late()` after `timeoutMs`, or with the signal's reason. */
export function within<T>(promise: Promise<T>, { clock, timeoutMs, signal, late }: WaitBounds): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let unlisten: (() => void) | undefined;
    const abort = (): void => {
      clean();
      resolve(aborted(signal));
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.setTimeout(() => {
            clean();
            reject(late());
          }, timeoutMs);
    const clean = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer);
      unlisten?.();
    };
    if (signal?.aborted === true) abort();
    else if (signal !== undefined) unlisten = onAbort(signal, abort);
    void promise.then(resolve, reject).finally(clean);
  });
}

/** Rejects with whatever the caller aborted with, as fetch does, whether it is an Error or not. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  // What an executor throws is what its promise rejects with.
  return new Promise(() => signal?.throwIfAborted());
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Callers that wait for named things to happen. Bounded by the callers' own pending calls; `close` settles them all. */
export class Waiting {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<Waiter>>();
  #closed: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async for(name: string, what: string, { timeout, signal }: WaitOptions = {}): Promise<void> {
    const timeoutMs = timeout === Infinity ? undefined : checkedTimeout(timeout);
    if (this.#closed !== undefined) throw this.#closed;
    const all = this.#waiters.get(name) ?? new Set();
    this.#waiters.set(name, all);
    let own: Waiter | undefined;
    const happened = new Promise<void>((resolve, reject) => {
      own = { resolve, reject };
      all.add(own);
    });
    const late = (): Error => new SimpleDHTError('ERR_TIMEOUT', `${what} took longer than ${String(timeout)} ms`);
    try {
      await within(happened, { clock: this.#clock, timeoutMs, signal, late });
    } finally {
      if (own !== undefined) all.delete(own);
    }
  }

  resolve(name: string): void {
    for (const waiter of this.#take(name)) waiter.resolve();
  }

  reject(name: string, error: Error): void {
    for (const waiter of this.#take(name)) waiter.reject(error);
  }

  /** Rejects everyone who waits, now and from now on. */
  close(error: Error): void {
    this.#closed = error;
    for (const name of [...this.#waiters.keys()]) this.reject(name, error);
  }

  #take(name: string): readonly Waiter[] {
    const waiters = [...(this.#waiters.get(name) ?? [])];
    this.#waiters.delete(name);
    return waiters;
  }
}
