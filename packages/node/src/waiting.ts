import type { Clock } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';

export interface WaitOptions {
  /** How long to wait, ms; for ever by default. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Callers that wait for named things to happen. Bounded by the callers' own pending calls; `fail` settles them all. */
export class Waiting {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  for(name: string, what: string, { timeout, signal }: WaitOptions = {}): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted === true) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an AbortSignal's reason is passed on as it is
        reject(signal.reason);
        return;
      }
      const all = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, all);
      const end = (settle: () => void): void => {
        all.delete(waiter);
        if (timer !== undefined) this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const waiter: Waiter = {
        resolve: () => {
          end(resolve);
        },
        reject: (error) => {
          end(() => {
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an AbortSignal's reason is passed on as it is
            reject(error);
          });
        },
      };
      const abort = (): void => {
        waiter.reject(signal?.reason);
      };
      const timer =
        timeout === undefined
          ? undefined
          : this.#clock.setTimeout(() => {
              waiter.reject(new SimpleDHTError('ERR_TIMEOUT', `${what} took longer than ${String(timeout)} ms`));
            }, timeout);
      signal?.addEventListener('abort', abort, { once: true });
      all.add(waiter);
    });
  }

  resolve(name: string): void {
    for (const waiter of this.#take(name)) waiter.resolve();
  }

  reject(name: string, error: Error): void {
    for (const waiter of this.#take(name)) waiter.reject(error);
  }

  rejectAll(error: Error): void {
    for (const name of [...this.#waiters.keys()]) this.reject(name, error);
  }

  #take(name: string): readonly Waiter[] {
    const waiters = [...(this.#waiters.get(name) ?? [])];
    this.#waiters.delete(name);
    return waiters;
  }
}
