import type { Frame } from './frame.ts';
import { frameHeaderBytes, maxFramePayloadBytes } from './frame.ts';

const nothing = new Uint8Array(0);
const leastHeldBytes = 64;

/**
 * Cuts a stream of bytes into frames.
 *
 * Invariants: 1. it holds less than one frame, by what came, never by a length that was only announced; 2. after the
 * first bytes that are no frame it gives nothing more.
 */
export class FrameReader {
  /** Frames with a longer payload break the stream. */
  maxPayloadBytes: number = maxFramePayloadBytes;
  /** The beginning of a frame whose rest has not come; its bytes are copied, for many small reads would cost more. */
  #held: Uint8Array = nothing;
  #heldBytes = 0;
  /** Bytes of the whole frame that is being held; of its header while that is not whole. */
  #neededBytes = frameHeaderBytes;
  #broken = false;

  /** The stream is not frames. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Hands over every frame that is whole now, in order, until `onFrame` says false. Gives how many bytes it has taken. */
  read(bytes: Uint8Array, onFrame: (frame: Frame) => boolean): number {
    let at = 0;
    while (at < bytes.length && !this.#broken) {
      if (this.#heldBytes > 0) {
        const taken = bytes.subarray(at, at + this.#neededBytes - this.#heldBytes);
        at += taken.length;
        this.#hold(taken);
        const whole = this.#whole();
        if (whole !== undefined && !this.#give(whole, 0, whole.length, onFrame)) return at;
        continue;
      }
      const known = at + frameHeaderBytes <= bytes.length;
      this.#neededBytes = known ? this.#frameBytes(bytes, at) : frameHeaderBytes;
      const end = at + this.#neededBytes;
      if (end > bytes.length) {
        this.#hold(bytes.subarray(at));
        return bytes.length;
      }
      this.#neededBytes = frameHeaderBytes;
      if (!this.#give(bytes, at, end, onFrame)) return end;
      at = end;
    }
    return bytes.length;
  }

  /** What is held grows by doubling: less than twice what came. */
  #hold(piece: Uint8Array): void {
    const bytes = this.#heldBytes + piece.length;
    if (bytes > this.#held.length) {
      const larger = new Uint8Array(Math.max(leastHeldBytes, 2 * this.#heldBytes, bytes));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(piece, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  /** The held frame, once it is whole. */
  #whole(): Uint8Array | undefined {
    if (this.#heldBytes < this.#neededBytes) return undefined;
    if (this.#heldBytes === frameHeaderBytes) {
      this.#neededBytes = this.#frameBytes(this.#held, 0);
      if (this.#neededBytes > frameHeaderBytes) return undefined;
    }
    const whole = this.#held.subarray(0, this.#heldBytes);
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#neededBytes = frameHeaderBytes;
    return whole;
  }

  #frameBytes(bytes: Uint8Array, at: number): number {
    const length = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (length > this.maxPayloadBytes) this.#broken = true;
    return frameHeaderBytes + length;
  }

  #give(bytes: Uint8Array, from: number, to: number, onFrame: (frame: Frame) => boolean): boolean {
    if (this.#broken) return false;
    const high = ((bytes[from + 4] ?? 0) << 24) | ((bytes[from + 5] ?? 0) << 16);
    const id = (high | ((bytes[from + 6] ?? 0) << 8) | (bytes[from + 7] ?? 0)) >>> 0;
    const type = bytes[from] ?? 0;
    return onFrame({ type, id, payload: bytes.subarray(from + frameHeaderBytes, to) });
  }
}

/** The pieces as bytes of their own. */
export function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
