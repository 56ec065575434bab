import type { LinkCounters } from './link-counters.ts';
import { Queue } from './queue.ts';

/** Best-effort payloads waiting for a turn. When it is full the oldest is dropped: a newer one says more. */
export class DatagramQueue {
  readonly #queue = new Queue<Uint8Array>();
  readonly #maxLength: number;
  readonly #counters: LinkCounters;

  constructor(maxLength: number, counters: LinkCounters) {
    this.#maxLength = maxLength;
    this.#counters = counters;
  }

  get length(): number {
    return this.#queue.length;
  }

  get first(): Uint8Array | undefined {
    return this.#queue.first;
  }

  push(payload: Uint8Array): void {
    if (this.#queue.length >= this.#maxLength) this.drop();
    this.#queue.push(payload);
  }

  /** Gives up the first. */
  drop(): void {
    this.#queue.shift();
    this.#counters.payloadsDropped++;
  }

  shift(): void {
    this.#queue.shift();
  }
}
