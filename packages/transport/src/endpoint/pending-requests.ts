import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { Deadline } from '../deadline-queue.ts';
import { DeadlineQueue } from '../deadline-queue.ts';
import type { Link } from '../link/link.ts';
import type { OutgoingMessage } from '../link/outgoing-message.ts';
import type { TransportCounters } from './counters.ts';

/** A request that waits for its reply. It settles once: reply, time-out, abort, link down or close, whichever is first. */
export class PendingRequest implements Deadline {
  readonly to: Address;
  readonly link: Link<PendingRequest>;
  readonly dueMs: number;
  readonly #resolve: (reply: Uint8Array) => void;
  readonly #reject: (reason: unknown) => void;
  message: OutgoingMessage<PendingRequest> | undefined;
  /** Takes the listener off the caller's signal. */
  unlisten: (() => void) | undefined;
  done = false;

  constructor(
    target: { readonly to: Address; readonly link: Link<PendingRequest>; readonly dueMs: number },
    resolve: (reply: Uint8Array) => void,
    reject: (reason: unknown) => void,
  ) {
    this.to = target.to;
    this.link = target.link;
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
    if (this.message !== undefined) this.link.cancel(this.message);
    this.#reject(reason);
  }

  #settle(): void {
    this.done = true;
    this.unlisten?.();
  }
}

/** All requests of a transport that wait. Bounded by `maxPendingRequests` of each link. */
export class PendingRequests {
  readonly #queue = new DeadlineQueue<PendingRequest>();
  readonly #totals: TransportCounters;

  constructor(totals: TransportCounters) {
    this.#totals = totals;
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
    this.#totals.requestsFailed++;
    request.reject(reason);
    this.#queue.onDone();
  }

  expire(nowMs: number): void {
    for (const request of this.#queue.takeDue(nowMs)) {
      if (request.done) continue;
      this.#totals.requestsFailed++;
      request.reject(new SimpleDHTError('ERR_TIMEOUT', `No reply from ${request.to} in time`));
    }
  }

  /** Rejects what waits on `link`, or everything. */
  rejectAll(link: Link<PendingRequest> | undefined, reason: SimpleDHTError): void {
    for (const request of this.#queue.open()) {
      if (link === undefined || request.link === link) this.reject(request, reason);
    }
  }
}
