import { SimpleDHTError } from '@simpledht/node';
import type { Connection } from './connection.ts';

interface Waiter {
  readonly connection: Connection;
  readonly settle: (outcome: Uint8Array | Error) => void;
}

/** Requests that wait for their replies. Bounded by the callers' own pending calls. */
export class Pending {
  readonly #waiters = new Map<number, Waiter>();
  #lastId = 0;

  /** Settles by `reply`, by `fail`, by time or by the signal. */
  add(connection: Connection, timeoutMs: number, signal?: AbortSignal): { id: number; reply: Promise<Uint8Array> } {
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    const reply = new Promise<Uint8Array>((resolve, reject) => {
      const abort = (): void => {
        settle(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        settle(new SimpleDHTError('ERR_TIMEOUT', `${connection.name} did not answer within ${String(timeoutMs)} ms`));
      }, timeoutMs).unref();
      const settle = (outcome: Uint8Array | Error): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiters.delete(id);
        if (outcome instanceof Uint8Array) resolve(outcome);
        else reject(outcome);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.set(id, { connection, settle });
    });
    return { id, reply };
  }

  /** Only the connection that was asked can answer. */
  reply(id: number, from: Connection, payload: Uint8Array): void {
    const waiter = this.#waiters.get(id);
    if (waiter?.connection === from) waiter.settle(payload);
  }

  /** All requests on a connection, or all there are. */
  fail(error: Error, connection?: Connection): void {
    for (const waiter of [...this.#waiters.values()]) {
      if (connection === undefined || waiter.connection === connection) waiter.settle(error);
    }
  }
}
