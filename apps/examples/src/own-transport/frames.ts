import type { Socket } from 'node:net';

/** What travels on a connection: 4 bytes length of the rest, 1 byte kind, 4 bytes request id, payload. */
export interface Frame {
  readonly kind: 'hello' | 'datagram' | 'request' | 'reply';
  /** Pairs a reply with its request; 0 in other frames. */
  readonly id: number;
  readonly payload: Uint8Array;
}

const kinds = ['hello', 'datagram', 'request', 'reply'] as const;
const lengthBytes = 4;
const headBytes = 9;

export function writeFrame(socket: Socket, { kind, id, payload }: Frame): void {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(headBytes - lengthBytes + payload.length, 0);
  head.writeUInt8(kinds.indexOf(kind), 4);
  head.writeUInt32BE(id, 5);
  socket.cork();
  socket.write(head);
  socket.write(payload);
  socket.uncork();
}

/** Cuts a stream of bytes into frames. What it holds is bounded by the largest frame. */
export class FrameReader {
  readonly #maxPayloadBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes that have to be there before looking again is worth it. */
  #needed = headBytes;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Frames that are complete now. Throws when the bytes are not frames. */
  *read(chunk: Buffer): Generator<Frame, void> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#needed) {
      const bytes = this.#join();
      const size = this.#sizeOf(bytes);
      this.#needed = size;
      if (bytes.length < size) return;
      this.#chunks = [bytes.subarray(size)];
      this.#length -= size;
      this.#needed = headBytes;
      yield parse(bytes.subarray(0, size));
    }
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    const all = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #sizeOf(bytes: Buffer): number {
    const size = lengthBytes + bytes.readUInt32BE(0);
    if (size < headBytes || size > headBytes + this.#maxPayloadBytes) throw new Error('a frame of impossible size');
    return size;
  }
}

function parse(bytes: Buffer): Frame {
  const kind = kinds[bytes.readUInt8(4)];
  if (kind === undefined) throw new Error('a frame of unknown kind');
  // A copy: the payload outlives the buffer that it arrived in.
  return { kind, id: bytes.readUInt32BE(5), payload: new Uint8Array(bytes.subarray(headBytes)) };
}
