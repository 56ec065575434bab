import type { ConnectionCounters } from './connection-options.ts';
import type { ConnectionEffect } from './effects.ts';
import { frameType, refusal, type Frame } from './frame.ts';
import { Inbox } from './inbox.ts';
import type { Outgoing } from './outgoing.ts';
import type { PartialBudget } from './partial-messages.ts';
import type { TcpSettings } from './settings.ts';

interface Parts<Ticket> {
  readonly settings: TcpSettings;
  readonly budget: PartialBudget;
  readonly counters: ConnectionCounters;
  readonly out: Outgoing<Ticket>;
}

/** Takes the frames of a connection that is up. */
export class MessageFrames<Ticket> {
  /** The peer sends no more requests here. */
  doneHeard = false;
  readonly #parts: Parts<Ticket>;
  readonly #inbox: Inbox;
  readonly #emit: (effect: ConnectionEffect<Ticket>) => void;

  constructor(parts: Parts<Ticket>, emit: (effect: ConnectionEffect<Ticket>) => void) {
    this.#parts = parts;
    this.#inbox = new Inbox(parts.settings, parts.budget);
    this.#emit = emit;
  }

  forgetReply(id: number): void {
    this.#inbox.forgetReply(id);
  }

  clear(): void {
    this.#inbox.clear();
  }

  /** False when the frame may not come. */
  take({ type, id, payload }: Frame): boolean {
    switch (type) {
      case frameType.datagram:
        this.#emit({ type: 'datagram', payload: payload.slice() });
        return true;
      case frameType.requestPart:
      case frameType.request:
        return this.#onRequest(id, payload, type === frameType.request);
      case frameType.replyPart:
      case frameType.reply:
        return this.#onReply(id, payload, type === frameType.reply);
      case frameType.refused:
        this.#refuse(id, payload[0] === refusal.tooLarge);
        return true;
      case frameType.cancelled:
        this.#inbox.forgetRequest(id);
        return true;
      case frameType.ping:
        this.#parts.out.control(frameType.pong);
        return true;
      case frameType.pong:
        return true;
      case frameType.done:
        this.doneHeard = true;
        return true;
      default:
        return false;
    }
  }

  #onRequest(id: number, payload: Uint8Array, isLast: boolean): boolean {
    const { counters, out } = this.#parts;
    const got = this.#inbox.request(id, payload, isLast);
    if (got === 'full' || got === 'tooLarge') {
      counters.drop(got === 'full' ? 'partialFull' : 'tooLarge');
      out.control(frameType.refused, id, Uint8Array.of(got === 'full' ? refusal.full : refusal.tooLarge));
    } else if (got instanceof Uint8Array) this.#emit({ type: 'request', id, payload: got });
    return got !== 'wrong';
  }

  #onReply(id: number, payload: Uint8Array, isLast: boolean): boolean {
    const { counters, out } = this.#parts;
    if (!out.isAsked(id)) {
      // Late: the asker gave up. Its parts pass without being held.
      if (isLast) counters.repliesUnwanted++;
      return true;
    }
    const got = this.#inbox.reply(id, payload, isLast);
    if (got === 'full' || got === 'tooLarge') {
      counters.drop(got === 'full' ? 'partialFull' : 'tooLarge');
      this.#refuse(id, got === 'tooLarge');
    } else if (got instanceof Uint8Array) {
      const ticket = out.settle(id);
      if (ticket !== undefined) this.#emit({ type: 'reply', ticket, payload: got });
    }
    return got !== 'wrong';
  }

  #refuse(id: number, tooLarge: boolean): void {
    this.#inbox.forgetReply(id);
    const ticket = this.#parts.out.settle(id);
    if (ticket !== undefined) this.#emit({ type: 'refused', ticket, tooLarge });
  }
}
