import { Queue } from '@simpledht/transport/adapter';
import type { FrameType, OutgoingFrame } from './frame.ts';
import { frameHeaderBytes, frameType } from './frame.ts';

/** Something that waits to be written. */
export interface OutgoingMessage {
  readonly kind: 'datagram' | 'request' | 'reply';
  readonly id: number;
  payload: Uint8Array;
  /** Bytes that have left. */
  sent: number;
  /** Nothing more of it leaves. */
  over: boolean;
}

/** Up to this a message is not made to wait for those of 16 MiB. */
const mediumBytes = 1_048_576;
const nothing = new Uint8Array(0);

const types = {
  datagram: { last: frameType.datagram, part: frameType.datagram },
  request: { last: frameType.request, part: frameType.requestPart },
  reply: { last: frameType.reply, part: frameType.replyPart },
} as const;

/**
 * What waits to be written on one connection, and in which order.
 *
 * Small messages, those up to 1 MiB and longer ones take turns, a chunk each; of each of the longer kinds one message is
 * under way, so that the receiver holds two unfinished ones at most. Bounded by its connection, see `TcpSettings`.
 */
export class SendQueue {
  readonly #chunkBytes: number;
  readonly #control = new Queue<OutgoingFrame>();
  readonly #small = new Queue<OutgoingMessage>();
  readonly #medium = new Queue<OutgoingMessage>();
  readonly #large = new Queue<OutgoingMessage>();
  #waitingBytes = 0;
  #replyBytes = 0;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  /** Payload that waits. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The part of it that is replies. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  get isEmpty(): boolean {
    return this.#control.length + this.#small.length + this.#medium.length + this.#large.length === 0;
  }

  /** Goes before every message. */
  control(type: FrameType, id = 0, payload: Uint8Array = nothing): void {
    this.#control.push({ type, id, payload });
  }

  get controlFrames(): number {
    return this.#control.length;
  }

  add(message: OutgoingMessage): void {
    const { length } = message.payload;
    this.#account(message, length);
    if (length <= this.#chunkBytes) this.#small.push(message);
    else if (length <= mediumBytes) this.#medium.push(message);
    else this.#large.push(message);
  }

  /** Nothing more of it leaves. */
  cancel(message: OutgoingMessage): void {
    if (message.over) return;
    message.over = true;
    this.#account(message, message.sent - message.payload.length);
    // It stays in its queue until its turn comes; its bytes need not.
    message.payload = nothing;
    if (message.sent > 0 && message.kind === 'request') this.control(frameType.cancelled, message.id);
  }

  takeControl(): OutgoingFrame[] {
    const frames: OutgoingFrame[] = [];
    for (let frame = this.#control.shift(); frame !== undefined; frame = this.#control.shift()) frames.push(frame);
    return frames;
  }

  /** Frames to write now: about `maxBytes`, and at least one if there are any. */
  take(maxBytes: number): OutgoingFrame[] {
    const frames = this.takeControl();
    let bytes = 0;
    while (bytes < maxBytes) {
      const before = bytes;
      for (const queue of [this.#small, this.#medium, this.#large]) bytes += this.#takeChunk(queue, frames);
      if (bytes === before) break;
    }
    return frames;
  }

  /** Takes out every message that has not begun to leave, in no special order. */
  drain(): OutgoingMessage[] {
    const all: OutgoingMessage[] = [];
    for (const queue of [this.#small, this.#medium, this.#large])
      for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
        if (!message.over) all.push(message);
      }
    this.#waitingBytes = 0;
    this.#replyBytes = 0;
    return all;
  }

  /** Of one queue: small messages up to a chunk, or a chunk of the first. Bytes taken, headers included. */
  #takeChunk(queue: Queue<OutgoingMessage>, frames: OutgoingFrame[]): number {
    let bytes = 0;
    while (bytes < this.#chunkBytes) {
      const message = queue.first;
      if (message === undefined) break;
      if (message.over) {
        queue.shift();
        continue;
      }
      const payload = message.payload.subarray(message.sent, message.sent + this.#chunkBytes);
      message.sent += payload.length;
      const isLast = message.sent === message.payload.length;
      if (isLast) {
        message.over = true;
        queue.shift();
      }
      this.#account(message, -payload.length);
      frames.push({ type: types[message.kind][isLast ? 'last' : 'part'], id: message.id, payload });
      bytes += frameHeaderBytes + payload.length;
    }
    return bytes;
  }

  #account({ kind }: OutgoingMessage, bytes: number): void {
    this.#waitingBytes += bytes;
    if (kind === 'reply') this.#replyBytes += bytes;
  }
}
