import type { PartialBudget, PartialFailure, PartialLimits } from './partial-messages.ts';
import { PartialMessages } from './partial-messages.ts';

/** A whole message; why there is none; that the peer breaks the rules; or `undefined`: more is to come. */
export type Got = Uint8Array | PartialFailure | 'wrong' | undefined;

/** Puts together what comes in parts. Requests and replies count their ids apart. */
export class Inbox {
  readonly #requests: PartialMessages;
  readonly #replies: PartialMessages;

  constructor(limits: PartialLimits, budget: PartialBudget) {
    this.#requests = new PartialMessages(limits, budget);
    this.#replies = new PartialMessages(limits, budget);
  }

  request(id: number, part: Uint8Array, isLast: boolean): Got {
    return take(this.#requests, id, part, isLast);
  }

  reply(id: number, part: Uint8Array, isLast: boolean): Got {
    return take(this.#replies, id, part, isLast);
  }

  forgetRequest(id: number): void {
    this.#requests.drop(id);
  }

  forgetReply(id: number): void {
    this.#replies.drop(id);
  }

  clear(): void {
    this.#requests.clear();
    this.#replies.clear();
  }
}

function take(messages: PartialMessages, id: number, part: Uint8Array, isLast: boolean): Got {
  if (isLast) return messages.finish(id, part);
  // Empty parts would be endless work for nothing.
  if (part.length === 0 || (messages.isFull && !messages.has(id))) return 'wrong';
  return messages.add(id, part);
}
