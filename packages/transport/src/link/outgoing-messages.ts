import type { MessageFrameKind } from '@simpledht/wire';
import type { LinkEffect } from './link-effects.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Queue } from './queue.ts';
import { RequestWindow } from './request-window.ts';
import type { LinkSettings } from './settings.ts';

/**
 * What was asked to be sent reliably and is not done: bounds it, and tells replies that are waited for from others.
 *
 * Invariants: 1. `#queuedBytes` is the payload of all messages not wholly acknowledged; 2. `#asked` holds the ids of
 * requests that have left and have no reply, at most `maxPendingRequests` wanted and as many given up; 3. `#owed` and
 * `#replyBytes` are of the peer's requests and of the replies to them, and pass their bounds by nothing: the link ends.
 */
export class OutgoingMessages<Ticket extends object> {
  readonly #settings: LinkSettings;
  readonly #effects: LinkEffect<Ticket>[];
  /** Filled with new messages by calls, emptied by the sender. */
  readonly fresh: Queue<OutgoingMessage<Ticket>> = new Queue<OutgoingMessage<Ticket>>();
  readonly #asked = new Map<number, Ticket | undefined>();
  /** Ids in `#asked` that nobody waits for any more, oldest first; kept so that late fragments are still accounted for. */
  readonly #givenUp = new Queue<number>();
  readonly #acknowledgedRequests = new RequestWindow();
  #nextRequestId = 0;
  #queuedBytes = 0;
  #queuedMessages = 0;
  /** Requests with a ticket that have no reply yet. */
  #pendingRequests = 0;
  #backpressure = false;
  /** Requests handed over whose reply has not wholly arrived. */
  #owed = 0;
  /** Payload of replies that have not wholly arrived. */
  #replyBytes = 0;
  #isOverwhelmed = false;

  constructor(settings: LinkSettings, effects: LinkEffect<Ticket>[]) {
    this.#settings = settings;
    this.#effects = effects;
  }

  /** Neither side waits for anything of this one. */
  get isEmpty(): boolean {
    return this.#queuedMessages === 0 && this.#pendingRequests === 0 && this.#owed === 0;
  }

  get pendingRequests(): number {
    return this.#pendingRequests;
  }

  /** The next new request may leave: the receiver can tell it from older ones (see RequestWindow). */
  get mayNumber(): boolean {
    return this.#nextRequestId < this.#acknowledgedRequests.limit;
  }

  get nextRequestId(): number {
    return this.#nextRequestId;
  }

  request(ticket: Ticket, payload: Uint8Array): OutgoingMessage<Ticket> | undefined {
    const { maxQueuedBytes, maxPendingRequests } = this.#settings;
    const full = this.#queuedBytes > 0 && this.#queuedBytes + payload.length > maxQueuedBytes;
    if (full || this.#pendingRequests >= maxPendingRequests) return undefined;
    this.#pendingRequests++;
    return this.#add('request', -1, payload, ticket);
  }

  /**
   * The peer asks for more than this side will hold; the link must end. A request may be owed twice over, because the
   * peer gives up as many as it waits for; one reply is always taken.
   */
  get isOverwhelmed(): boolean {
    return this.#isOverwhelmed;
  }

  /** A request of the peer is handed over. */
  owe(): void {
    this.#owed++;
    if (this.#owed > 2 * this.#settings.maxPendingRequests) this.#isOverwhelmed = true;
  }

  reply(requestId: number, payload: Uint8Array): void {
    const full = this.#replyBytes > 0 && this.#replyBytes + payload.length > this.#settings.maxReplyBytes;
    if (full) this.#isOverwhelmed = true;
    if (this.#isOverwhelmed) return;
    this.#replyBytes += payload.length;
    this.#add('reply', requestId, payload, undefined);
  }

  /** Gives the request's id when it has left already. */
  cancel(request: OutgoingMessage<Ticket>): number | undefined {
    if (request.cancelled) return undefined;
    if (request.requestId < 0) {
      request.cancelled = true;
      this.#pendingRequests--;
      this.#remove(request);
      return undefined;
    }
    if (this.#asked.get(request.requestId) === undefined) return undefined;
    this.#pendingRequests--;
    this.#asked.set(request.requestId, undefined);
    this.#givenUp.push(request.requestId);
    return this.#forgetOldest();
  }

  /** The first piece of `request` leaves. */
  number(request: OutgoingMessage<Ticket>): void {
    request.requestId = this.#nextRequestId++;
    this.#asked.set(request.requestId, request.ticket);
  }

  awaits(requestId: number): boolean {
    return this.#asked.has(requestId);
  }

  /** Its reply is complete; `undefined` when nobody waits for it any more. */
  answered(requestId: number): Ticket | undefined {
    const ticket = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    if (ticket !== undefined) this.#pendingRequests--;
    return ticket;
  }

  /** Every byte of it has arrived. */
  onDelivered(message: OutgoingMessage<object>): void {
    if (message.kind === 'request') this.#acknowledgedRequests.finish(message.requestId);
    else {
      this.#owed--;
      this.#replyBytes -= message.payload.length;
    }
    this.#remove(message);
  }

  #add(
    kind: MessageFrameKind,
    requestId: number,
    payload: Uint8Array,
    ticket: Ticket | undefined,
  ): OutgoingMessage<Ticket> {
    const message = { kind, payload, ticket, requestId, cutBytes: 0, openPieces: 0, cancelled: false };
    this.fresh.push(message);
    this.#queuedBytes += payload.length;
    this.#queuedMessages++;
    if (!this.#backpressure && this.#queuedBytes > this.#settings.backpressureHighBytes) this.#tell(true);
    return message;
  }

  #remove(message: OutgoingMessage<object>): void {
    this.#queuedBytes -= message.payload.length;
    this.#queuedMessages--;
    if (this.#backpressure && this.#queuedBytes <= this.#settings.backpressureLowBytes) this.#tell(false);
  }

  #tell(on: boolean): void {
    this.#backpressure = on;
    this.#effects.push({ type: 'backpressure', on });
  }

  /** Keeps `#givenUp` bounded; a reply to a forgotten one is dropped unread. */
  #forgetOldest(): number | undefined {
    if (this.#givenUp.length <= this.#settings.maxPendingRequests) return undefined;
    const oldest = this.#givenUp.shift();
    if (oldest !== undefined && this.#asked.get(oldest) === undefined) this.#asked.delete(oldest);
    return oldest;
  }
}
