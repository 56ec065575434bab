import type { FrameType, OutgoingFrame } from './frame.ts';
import { SendQueue, type OutgoingMessage } from './send-queue.ts';
import type { TcpSettings } from './settings.ts';

interface Asked<Ticket> {
  readonly ticket: Ticket;
  readonly message: OutgoingMessage;
}

/** Request ids go around: after so many the lowest that is free is next. */
const idCount = 2 ** 32;

/**
 * What one side of a connection sends, and which of its requests are unanswered.
 *
 * Invariant: a ticket leaves once, by `settle`, `moveTo` or `takeTickets`.
 */
export class Outgoing<Ticket> {
  readonly #settings: TcpSettings;
  readonly #queue: SendQueue;
  readonly #asked = new Map<number, Asked<Ticket>>();
  #lastId = 0;
  /** Given to the system and not taken yet. */
  #writingBytes = 0;
  #backpressure = false;

  constructor(settings: TcpSettings) {
    this.#settings = settings;
    this.#queue = new SendQueue(settings.chunkBytes);
  }

  get unanswered(): number {
    return this.#asked.size;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty;
  }

  /** Nothing waits or is unanswered. */
  get isIdle(): boolean {
    return this.#asked.size === 0 && this.#queue.isEmpty;
  }

  get hasControl(): boolean {
    return this.#queue.controlFrames > 0;
  }

  get isWriting(): boolean {
    return this.#writingBytes > 0;
  }

  /** The peer causes more answers than it takes. */
  get isOverrun(): boolean {
    const { maxReplyBytes, maxControlFrames } = this.#settings;
    return this.#queue.replyBytes > maxReplyBytes || this.#queue.controlFrames > maxControlFrames;
  }

  control(type: FrameType, id?: number, payload?: Uint8Array): void {
    this.#queue.control(type, id, payload);
  }

  /** `undefined` when too much waits. */
  request(ticket: Ticket, payload: Uint8Array): OutgoingMessage | undefined {
    const { maxPendingRequests, maxQueuedBytes } = this.#settings;
    const { waitingBytes } = this.#queue;
    if (this.#asked.size >= maxPendingRequests) return undefined;
    if (waitingBytes > 0 && waitingBytes + payload.length > maxQueuedBytes) return undefined;
    return this.#ask(ticket, payload);
  }

  /** False when too much waits. */
  datagram(payload: Uint8Array): boolean {
    if (this.#queue.waitingBytes + this.#writingBytes > this.#settings.maxBestEffortBytes) return false;
    this.#queue.add({ kind: 'datagram', id: 0, payload, sent: 0, over: false });
    return true;
  }

  reply(id: number, payload: Uint8Array): void {
    this.#queue.add({ kind: 'reply', id, payload, sent: 0, over: false });
  }

  isAsked(id: number): boolean {
    return this.#asked.has(id);
  }

  /** The request is over: nothing more of it leaves. */
  settle(id: number): Ticket | undefined {
    const asked = this.#asked.get(id);
    if (asked === undefined) return undefined;
    this.#asked.delete(id);
    this.#queue.cancel(asked.message);
    return asked.ticket;
  }

  /** Hands over all that waits; to be called only while nothing has left. */
  moveTo(other: Outgoing<Ticket>, onMoved: (ticket: Ticket, message: OutgoingMessage) => void): void {
    for (const { kind, id, payload } of this.#queue.drain()) {
      const asked = this.#asked.get(id);
      if (kind === 'request' && asked !== undefined) onMoved(asked.ticket, other.#ask(asked.ticket, payload));
      else if (kind === 'datagram') other.datagram(payload);
    }
    this.#asked.clear();
  }

  takeTickets(): readonly Ticket[] {
    const tickets = Array.from(this.#asked.values(), ({ ticket }) => ticket);
    this.#asked.clear();
    return tickets;
  }

  /** Frames to write, about `maxBytes`; or only those that are no messages. */
  take(maxBytes: number, controlOnly: boolean): readonly OutgoingFrame[] {
    return controlOnly ? this.#queue.takeControl() : this.#queue.take(maxBytes);
  }

  /** Bytes went to the system, or, negative, were taken by it. */
  onWriting(bytes: number): void {
    this.#writingBytes += bytes;
  }

  /** Forgets what waits, but for what is no message. */
  clear(): void {
    this.#queue.drain();
  }

  /** Whether to tell backpressure on or off; `undefined` when nothing has changed. */
  backpressure(): boolean | undefined {
    const { backpressureHighBytes, backpressureLowBytes } = this.#settings;
    const on = this.#queue.waitingBytes > (this.#backpressure ? backpressureLowBytes : backpressureHighBytes);
    if (on === this.#backpressure) return undefined;
    this.#backpressure = on;
    return on;
  }

  #ask(ticket: Ticket, payload: Uint8Array): OutgoingMessage {
    do this.#lastId = (this.#lastId + 1) % idCount;
    while (this.#asked.has(this.#lastId));
    const message: OutgoingMessage = { kind: 'request', id: this.#lastId, payload, sent: 0, over: false };
    this.#asked.set(message.id, { ticket, message });
    this.#queue.add(message);
    return message;
  }
}
