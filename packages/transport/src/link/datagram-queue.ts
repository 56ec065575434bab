import type { ByteWriter } from '@simpledht/wire';
import { datagramFrameBytes, writeDatagram } from '@simpledht/wire';
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

  push(payload: Uint8Array): void {
    if (this.#queue.length >= this.#maxLength) this.#drop();
    this.#queue.push(payload);
  }

  /** Writes what has room; `packetRoom` is that of an empty packet, and what is longer is dropped. */
  fill(writer: ByteWriter, packetRoom: number): void {
    for (let payload = this.#queue.first; payload !== undefined; payload = this.#queue.first) {
      const bytes = datagramFrameBytes(payload.length);
      if (bytes > packetRoom) this.#drop();
      else if (bytes > writer.room) return;
      else {
        writeDatagram(writer, payload);
        this.#queue.shift();
      }
    }
  }

  /** Gives up the first. */
  #drop(): void {
    this.#queue.shift();
    this.#counters.payloadsDropped++;
  }
}
