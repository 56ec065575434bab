import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { Deadline } from './deadline-queue.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { onAbort } from './on-abort.ts';

/** A request that waits for its reply. It settles once: reply, time-out, abort, link down or close, whichever is first. */
export abstract class PendingRequest implements Deadline {
  readonly to: Address;
  readonly dueMs: number;
  readonly #resolve: (reply: Uint8Array) => void;
  readonly #reject: (reason: unknown) => void;
  /** Takes the listener off the caller's signal. */
  unlisten: (() => void) | undefined;
  done = false;

  constructor(
    target: { readonly to: Address; readonly dueMs: number },
    resolve: (reply: Uint8Array) => void,
    reject: (reason: unknown) => void,
  ) {
    this.to = target.to;
    this.dueMs = target.dueMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  resolve(reply: Uint8Array): void {
    this.#settle();
    this.#resolve(reply);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.withdraw();
    this.#reject(reason);
  }

  /** Nobody waits for the reply any more: takes the request back from where it was put. */
  protected abstract withdraw(): void;

  #settle(): void {
    this.done = true;
    this.unlisten?.();
  }
}

/** All requests of a transport that wait. Bounded by `maxPendingRequests` of each link. */
export class PendingRequests<Request extends PendingRequest> {
  readonly #queue = new DeadlineQueue<Request>();
  readonly #counters: { requestsFailed: number };

  constructor(counters: { requestsFailed: number }) {
    this.#counters = counters;
  }

  get nextMs(): number | undefined {
    return this.#queue.first?.dueMs;
  }

  add(request: Request, signal: AbortSignal | undefined): void {
    this.#queue.add(request);
    if (signal === undefined) return;
    request.unlisten = onAbort(signal, () => {
      this.reject(request, signal.reason);
    });
  }

  resolve(request: Request, reply: Uint8Array): void {
    if (request.done) return;
    request.resolve(reply);
    this.#queue.onDone();
  }

  reject(request: Request, reason: unknown): void {
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

  /** Rejects those of which `isMeant` holds, by default all. */
  rejectAll(reason: SimpleDHTError, isMeant: (request: Request) => boolean = () => true): void {
    for (const request of this.#queue.open()) if (isMeant(request)) this.reject(request, reason);
  }
}
