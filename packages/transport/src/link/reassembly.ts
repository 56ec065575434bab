import type { MessageFrame, MessageFrameKind } from '@simpledht/wire';
import type { ReassemblyBudget } from './reassembly-budget.ts';

/** What keeping a part costs beyond its bytes, so that a flood of tiny parts is bounded too. A guess, rounded up. */
const partOverheadBytes = 160;
const partialOverheadBytes = 320;

interface Part {
  readonly offset: number;
  readonly payload: Uint8Array;
}

interface Partial {
  readonly totalBytes: number;
  /** Ascending by offset. */
  readonly parts: Part[];
  receivedBytes: number;
  cost: number;
}

/** `repeated`: had it already. `broken`: parts contradict each other or pass a bound; the sender is at fault. */
export type ReassemblyResult = Uint8Array | 'partial' | 'repeated' | 'broken';

/**
 * Puts messages together from fragments in any order. Memory grows with the bytes that came, never with a length that
 * was announced, and is bounded by `maxCost` here and by the budget over all links.
 *
 * Senders repeat a fragment as it was, so parts of an honest message are equal or disjoint.
 */
export class Reassembly {
  readonly #budget: ReassemblyBudget;
  readonly #maxMessageBytes: number;
  readonly #maxCost: number;
  readonly #partials: Readonly<Record<MessageFrameKind, Map<number, Partial>>> = {
    request: new Map(),
    reply: new Map(),
  };
  #cost = 0;
  #bytes = 0;

  constructor(budget: ReassemblyBudget, maxMessageBytes: number, maxCost: number) {
    this.#budget = budget;
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxCost = maxCost;
  }

  /** Payload held in parts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The budget has room for fragments of so many bytes; otherwise their packet is to be dropped whole. */
  hasRoom(bytes: number): boolean {
    return this.#budget.mayTake(this, bytes + partOverheadBytes + partialOverheadBytes);
  }

  add(frame: MessageFrame): ReassemblyResult {
    const partials = this.#partials[frame.kind];
    const partial = partials.get(frame.requestId) ?? this.#begin(frame);
    if (partial?.totalBytes !== frame.totalBytes) return 'broken';
    const at = placeOf(partial.parts, frame.offset);
    if (partial.parts[at]?.offset === frame.offset) return 'repeated';
    if (this.#cost + frame.payload.length + partOverheadBytes > this.#maxCost) return 'broken';
    partial.parts.splice(at, 0, { offset: frame.offset, payload: unpinned(frame.payload) });
    partial.receivedBytes += frame.payload.length;
    this.#take(partial, frame.payload.length, partOverheadBytes);
    if (partial.receivedBytes < partial.totalBytes) return 'partial';
    this.forget(frame.kind, frame.requestId);
    return join(partial) ?? 'broken';
  }

  forget(kind: MessageFrameKind, requestId: number): void {
    const partial = this.#partials[kind].get(requestId);
    if (partial === undefined) return;
    this.#partials[kind].delete(requestId);
    this.#give(partial.cost, partial.receivedBytes);
  }

  /** Partial messages die with the link, not by a clock. */
  clear(): void {
    this.#partials.request.clear();
    this.#partials.reply.clear();
    this.#give(this.#cost, this.#bytes);
  }

  #begin(frame: MessageFrame): Partial | undefined {
    if (frame.totalBytes > this.#maxMessageBytes) return undefined;
    const partial: Partial = { totalBytes: frame.totalBytes, parts: [], receivedBytes: 0, cost: 0 };
    this.#partials[frame.kind].set(frame.requestId, partial);
    this.#take(partial, 0, partialOverheadBytes);
    return partial;
  }

  #take(partial: Partial, bytes: number, overheadBytes: number): void {
    partial.cost += bytes + overheadBytes;
    this.#cost += bytes + overheadBytes;
    this.#bytes += bytes;
    this.#budget.take(bytes + overheadBytes);
  }

  #give(cost: number, bytes: number): void {
    this.#cost -= cost;
    this.#bytes -= bytes;
    this.#budget.give(this, cost, this.#cost === 0);
  }
}

/** Index of the first part at or after `offset`; searched from the end, where the next one usually belongs. */
function placeOf(parts: readonly Part[], offset: number): number {
  const last = parts.at(-1);
  if (last === undefined || last.offset < offset) return parts.length;
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A small part of a large datagram is copied, so that it does not keep the datagram alive. */
function unpinned(payload: Uint8Array): Uint8Array {
  return payload.length * 2 < payload.buffer.byteLength ? new Uint8Array(payload) : payload;
}

/** `undefined` when parts overlap: as many bytes as announced came, but not the right ones. */
function join(partial: Partial): Uint8Array | undefined {
  const message = new Uint8Array(partial.totalBytes);
  let end = 0;
  for (const part of partial.parts) {
    if (part.offset !== end) return undefined;
    message.set(part.payload, end);
    end += part.payload.length;
  }
  return message;
}
