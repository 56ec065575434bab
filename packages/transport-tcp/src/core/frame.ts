/** What travels on a connection, in both directions: 1 byte type, 3 bytes length of the payload, 4 bytes id, payload. */
export const frameHeaderBytes = 8;

/** No frame is longer, whatever its length says. */
export const maxFramePayloadBytes = 65_536;

/** Types of frames. They are added to, never renumbered. */
export const frameType = {
  /** Who speaks; the first frame each way, and only that. */
  hello: 1,
  /** A best-effort payload. */
  datagram: 2,
  /** A request, or its last part. */
  request: 3,
  /** A part of a request with more to come. */
  requestPart: 4,
  /** A reply, or its last part. */
  reply: 5,
  replyPart: 6,
  /** The request with this id was dropped; the payload is one byte, a `refusal`. */
  refused: 7,
  /** No more parts of the request with this id will come. */
  cancelled: 8,
  ping: 9,
  pong: 10,
  /** No more requests come on this connection: another one to the same peer is used. */
  done: 11,
  /** The end; the payload is one byte, a `closeCode`. */
  close: 12,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

/** A part of what the users of the connection say, in contrast to what it says itself. */
export function isMessage(type: number): boolean {
  return type > frameType.hello && type < frameType.refused;
}

/** Why a request was dropped. */
export const refusal = { full: 1, tooLarge: 2 } as const;

/** Why a connection ends. */
export const closeCode = { goingAway: 1, replaced: 2, idle: 3, version: 4, full: 5 } as const;

export interface Frame {
  readonly type: number;
  /** Pairs a reply with its request; 0 where it means nothing. */
  readonly id: number;
  /** Of the bytes that came: to be copied by who keeps it. */
  readonly payload: Uint8Array;
}

/** What is to be written: the payload is not copied before it is. */
export interface OutgoingFrame {
  readonly type: FrameType;
  readonly id: number;
  readonly payload: Uint8Array;
}

function writeHeader(target: Uint8Array, at: number, { type, id, payload: { length } }: OutgoingFrame): void {
  target[at] = type;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
  target[at + 4] = id >>> 24;
  target[at + 5] = id >>> 16;
  target[at + 6] = id >>> 8;
  target[at + 7] = id;
}

/** Shorter payloads are copied behind their header; longer ones stay where they are, with a piece of their own. */
const copyBelowBytes = 4096;

/** Frames as few pieces of bytes: all that is short shares one. */
export function piecesOf(frames: readonly OutgoingFrame[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let index = 0; index < frames.length; index++) {
    const payload = frames[index]?.payload;
    if (payload === undefined || payload.length < copyBelowBytes) continue;
    pieces.push(joined(frames, from, index + 1, true), payload);
    from = index + 1;
  }
  if (from < frames.length) pieces.push(joined(frames, from, frames.length, false));
  return pieces;
}

/** `headOnly`: of the last one only the header. */
function joined(frames: readonly OutgoingFrame[], from: number, to: number, headOnly: boolean): Uint8Array {
  let length = 0;
  for (let index = from; index < to; index++) length += frameHeaderBytes + (frames[index]?.payload.length ?? 0);
  if (headOnly) length -= frames[to - 1]?.payload.length ?? 0;
  const piece = new Uint8Array(length);
  let at = 0;
  for (let index = from; index < to; index++) {
    const frame = frames[index];
    if (frame === undefined) break;
    writeHeader(piece, at, frame);
    at += frameHeaderBytes;
    if (headOnly && index === to - 1) break;
    piece.set(frame.payload, at);
    at += frame.payload.length;
  }
  return piece;
}
