/**
 * Parts shorter than this are copied together. A buffer of its own costs 600 to 850 bytes of resident memory more than it
 * holds (measured), and a sender who means ill sends nothing but short ones.
 */
const shortPartBytes = 512;

/** What a part costs beyond its bytes: short ones twice those, for room to grow. */
const shortOverheadBytes = 96;
const ownBufferOverheadBytes = 800;

const leastRoomBytes = 256;

interface Part {
  readonly offset: number;
  readonly length: number;
  /** In a buffer of its own, or `undefined` for `length` bytes at `at` of those that are copied together. */
  readonly own: Uint8Array | undefined;
  readonly at: number;
}

/** Memory that a part of so many bytes is counted with. */
export function partCost(bytes: number): number {
  return bytes < shortPartBytes ? 2 * bytes + shortOverheadBytes : bytes + ownBufferOverheadBytes;
}

/** What came of one message so far, in any order. */
export class MessageParts {
  /** Ascending by offset. */
  readonly #parts: Part[] = [];
  #short = new Uint8Array(0);
  #shortBytes = 0;

  /** False when there is one with that offset: senders repeat a fragment as it was. */
  add(offset: number, payload: Uint8Array): boolean {
    const place = this.#placeOf(offset);
    if (this.#parts[place]?.offset === offset) return false;
    const { length } = payload;
    const isShort = length < shortPartBytes;
    const at = isShort ? this.#copy(payload) : 0;
    this.#parts.splice(place, 0, { offset, length, own: isShort ? undefined : unpinned(payload), at });
    return true;
  }

  /** The message; `undefined` when parts overlap: as many bytes as announced came, but not the right ones. */
  join(totalBytes: number): Uint8Array | undefined {
    const message = new Uint8Array(totalBytes);
    let end = 0;
    for (const { offset, length, own, at } of this.#parts) {
      if (offset !== end) return undefined;
      message.set(own ?? this.#short.subarray(at, at + length), end);
      end += length;
    }
    return message;
  }

  /** Where the copy begins. */
  #copy(payload: Uint8Array): number {
    const at = this.#shortBytes;
    this.#shortBytes += payload.length;
    if (this.#shortBytes > this.#short.length) {
      const grown = new Uint8Array(Math.max(leastRoomBytes, 2 * this.#short.length, this.#shortBytes));
      grown.set(this.#short);
      this.#short = grown;
    }
    this.#short.set(payload, at);
    return at;
  }

  /** Index of the first part at or after `offset`; searched from the end, where the next one usually belongs. */
  #placeOf(offset: number): number {
    const parts = this.#parts;
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
}

/** A part of a much larger datagram is copied, so that it does not keep the datagram alive. */
function unpinned(payload: Uint8Array): Uint8Array {
  return payload.length * 2 < payload.buffer.byteLength ? new Uint8Array(payload) : payload;
}
