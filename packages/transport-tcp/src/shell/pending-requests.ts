import { DeadlineQueue, type Deadline } from '@simpledht/transport/adapter';
import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { Connection } from '../core/connection.ts';
import type { Counters } from './counters.ts';

/** A request that waits for its reply. It settles once: reply, time-out, abort, link down or close, whichever is first. */
export class PendingRequest implements Deadline {
  readonly to: Address;
  readonly dueMs: number;
  done = false;
  /** Where it waits, and under which id; both change when it moves to another connection. */
  at: { readonly connection: Connection<PendingRequest>; readonly id: number } | undefined;
  /** Takes the listener off the caller's signal. */
  unlisten: (() => void) | undefined;
  readonly #resolve: (reply: Uint8Array) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(
    { to, dueMs }: { readonly to: Address; readonly dueMs: number },
    resolve: (reply: Uint8Array) => void,
    reject: (reason: unknown) => void,
  ) {
    this.to = to;
    this.dueMs = dueMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  resolve(reply: Uint8Array): void {
    this.#settle();
    this.#resolve(reply);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.at?.connection.cancel(this.at.id);
    this.#reject(reason);
  }

  #settle(): void {
    this.done = true;
    this.unlisten?.();
  }
}

/** All requests of a transport that wait. Bounded by `maxPendingRequests` of each connection. */
export class PendingRequests {
  readonly #queue = new DeadlineQueue<PendingRequest>();
  readonly #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  get nextMs(): number | undefined {
    return this.#queue.first?.dueMs;
  }

  add(request: PendingRequest, signal: AbortSignal | undefined): void {
    this.#queue.add(request);
    if (signal === undefined) return;
    const onAbort = (): void => {
      this.reject(request, signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    request.unlisten = () => {
      signal.removeEventListener('abort', onAbort);
    };
  }

  resolve(request: PendingRequest, reply: Uint8Array): void {
    if (request.done) return;
    request.resolve(reply);
    this.#queue.onDone();
  }

  reject(request: PendingRequest, reason: unknown): void {
    if (request.done) return;
    this.#counters.requestsFailed++;
    request.reject(reason);
    this.#queue.onDone();
  }

  expire(nowMs: number): void {
    for (const request of this.#queue.takeDue(nowMs)) {
      if (request.done) continue;
      this.#counters.requestsFailed++;
      request.reject(new SimpleDHTError('ERR_TIMEOUT', `No reply from ${request.to} in time`));
    }
  }

  rejectAll(reason: SimpleDHTError): void {
    for (const request of this.#queue.open()) this.reject(request, reason);
  }
}
