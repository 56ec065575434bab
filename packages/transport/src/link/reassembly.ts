import type { MessageFrame, MessageFrameKind } from '@simpledht/wire';
import { MessageParts, partCost } from './message-parts.ts';
import type { BudgetHolder, ReassemblyBudget } from './reassembly-budget.ts';

/** What keeping an unfinished message costs beyond its parts, measured and rounded up. */
const partialOverheadBytes = 640;

interface Partial {
  readonly totalBytes: number;
  readonly parts: MessageParts;
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
export class Reassembly implements BudgetHolder {
  readonly #budget: ReassemblyBudget;
  readonly #maxMessageBytes: number;
  readonly #maxCost: number;
  readonly #partials: Readonly<Record<MessageFrameKind, Map<number, Partial>>> = {
    request: new Map(),
    reply: new Map(),
  };
  #cost = 0;
  #bytes = 0;
  #isEvicted = false;

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
  hasRoom(bytes: number, nowMs: number): boolean {
    return this.#budget.mayTake(this, partCost(bytes) + partialOverheadBytes, nowMs);
  }

  /** Others waited too long for what it held; its link must end, since the sender will not send again what was dropped. */
  get isEvicted(): boolean {
    return this.#isEvicted;
  }

  evict(): void {
    this.#isEvicted = true;
    this.clear();
  }

  add(frame: MessageFrame): ReassemblyResult {
    const partials = this.#partials[frame.kind];
    const partial = partials.get(frame.requestId) ?? this.#begin(frame);
    if (partial?.totalBytes !== frame.totalBytes) return 'broken';
    if (!partial.parts.add(frame.offset, frame.payload)) return 'repeated';
    partial.receivedBytes += frame.payload.length;
    this.#bytes += frame.payload.length;
    this.#take(partial, partCost(frame.payload.length));
    if (this.#cost > this.#maxCost) return 'broken';
    if (partial.receivedBytes < partial.totalBytes) return 'partial';
    this.forget(frame.kind, frame.requestId);
    return partial.parts.join(partial.totalBytes) ?? 'broken';
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
    const partial: Partial = { totalBytes: frame.totalBytes, parts: new MessageParts(), receivedBytes: 0, cost: 0 };
    this.#partials[frame.kind].set(frame.requestId, partial);
    this.#take(partial, partialOverheadBytes);
    return partial;
  }

  #take(partial: Partial, cost: number): void {
    partial.cost += cost;
    this.#cost += cost;
    this.#budget.take(cost);
  }

  #give(cost: number, bytes: number): void {
    this.#cost -= cost;
    this.#bytes -= bytes;
    this.#budget.give(this, cost, this.#cost === 0);
  }
}
