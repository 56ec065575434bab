import { join } from './frame-reader.ts';

/** Memory for unfinished messages that several connections share. */
export class PartialBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** Why a message in parts is not put together. */
export type PartialFailure = 'full' | 'tooLarge';

interface Partial {
  pieces: Uint8Array[];
  bytes: number;
  /** What it takes of the budget. */
  charged: number;
  failure: PartialFailure | undefined;
}

export interface PartialLimits {
  readonly maxMessageBytes: number;
  readonly maxPartialBytes: number;
  readonly maxPartialMessages: number;
}

/** What a piece costs beside its bytes, or a stream of tiny pieces would take memory that nobody counts. */
const pieceOverheadBytes = 256;

/**
 * Messages of one connection and kind of which parts have come, by id.
 *
 * Invariant: what is held is what came and is charged to the budget; a message that found no room, or is too long, is
 * remembered without its bytes until its last part has passed.
 */
export class PartialMessages {
  readonly #limits: PartialLimits;
  readonly #budget: PartialBudget;
  readonly #byId = new Map<number, Partial>();
  #chargedBytes = 0;

  constructor(limits: PartialLimits, budget: PartialBudget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#limits.maxPartialMessages;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  /** Says why the message has failed when it fails by this part. */
  add(id: number, part: Uint8Array): PartialFailure | undefined {
    const partial = this.#byId.get(id) ?? { pieces: [], bytes: 0, charged: 0, failure: undefined };
    this.#byId.set(id, partial);
    if (partial.failure !== undefined) return undefined;
    partial.bytes += part.length;
    const cost = part.length + pieceOverheadBytes;
    const tooLarge = partial.bytes > this.#limits.maxMessageBytes;
    if (!tooLarge && this.#charge(partial, cost)) {
      // A copy: otherwise a byte of it could hold a whole read of the socket in memory.
      partial.pieces.push(part.slice());
      return undefined;
    }
    this.#release(partial);
    partial.failure = tooLarge ? 'tooLarge' : 'full';
    return partial.failure;
  }

  /** The message with its last part; or why there is none, if that was not said before. */
  finish(id: number, last: Uint8Array): Uint8Array | PartialFailure | undefined {
    const partial = this.#byId.get(id);
    if (partial === undefined) return last.length > this.#limits.maxMessageBytes ? 'tooLarge' : last.slice();
    const { pieces } = partial;
    this.drop(id);
    if (partial.failure !== undefined) return undefined;
    const bytes = partial.bytes + last.length;
    if (bytes > this.#limits.maxMessageBytes) return 'tooLarge';
    return join([...pieces, last], bytes);
  }

  drop(id: number): void {
    const partial = this.#byId.get(id);
    if (partial === undefined) return;
    this.#byId.delete(id);
    this.#release(partial);
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.drop(id);
  }

  /** The only message of a connection is not refused for the connection's own bound. */
  #charge(partial: Partial, cost: number): boolean {
    const isAlone = this.#chargedBytes === partial.charged;
    if (!isAlone && this.#chargedBytes + cost > this.#limits.maxPartialBytes) return false;
    if (!this.#budget.take(cost)) return false;
    this.#chargedBytes += cost;
    partial.charged += cost;
    return true;
  }

  #release(partial: Partial): void {
    this.#budget.give(partial.charged);
    this.#chargedBytes -= partial.charged;
    partial.charged = 0;
    partial.pieces = [];
  }
}
