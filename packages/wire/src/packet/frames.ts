import type { ByteWriter } from './byte-writer.ts';
import { varintBytes } from './byte-writer.ts';

/** First byte of a frame. An unknown one with the high bit set is followed by its length and skipped; any other closes the link. */
export const frameType = {
  padding: 0x00,
  ping: 0x01,
  ack: 0x02,
  close: 0x03,
  credit: 0x04,
  datagram: 0x05,
  /** A whole request. */
  request: 0x08,
  /** A whole reply. */
  reply: 0x09,
  requestFragment: 0x0a,
  replyFragment: 0x0b,
  skippable: 0x80,
} as const;

/** Most ranges in one acknowledgement; older ones are left out. */
export const maxAckRanges = 32;

/** Unit of the delay in an acknowledgement, ms. */
export const ackDelayUnitMs = 0.008;

/** Why a link is closed. */
export const closeCode = {
  /** The transport closes. */
  goingAway: 0,
  /** A frame that breaks the protocol. */
  protocolError: 1,
  /** A frame that this version does not know and must not skip. */
  unknownFrame: 2,
  /** More than a bound allows: message size, credit, request window, replies that are not taken. */
  limit: 3,
  /** Nothing was heard for too long. */
  timeout: 4,
  /** A newer link to the same peer took its place. */
  replaced: 5,
} as const;

/** Closed range of packet numbers. */
export interface PacketRange {
  readonly first: number;
  readonly last: number;
}

/** Packets received: at least one range, at most `maxAckRanges`, descending, not adjacent (RFC 9000 §19.3). */
export interface AckFrame {
  readonly type: 'ack';
  /** How long the largest packet number waited for this acknowledgement. */
  readonly delayMs: number;
  readonly ranges: readonly PacketRange[];
}

/** "Acknowledge this packet": keeps a link alive, and probes one. */
export interface PingFrame {
  readonly type: 'ping';
}

export interface CloseFrame {
  readonly type: 'close';
  readonly code: number;
}

/** The receiver of this frame may have sent `maxBytes` of fragments since the link began (RFC 9000 §19.9). */
export interface CreditFrame {
  readonly type: 'credit';
  readonly maxBytes: number;
}

/** Best effort: neither acknowledged nor sent again. */
export interface DatagramFrame {
  readonly type: 'datagram';
  readonly payload: Uint8Array;
}

/** A request or the reply to it, whole when `payload` is `totalBytes` long. Request ids count 0, 1, 2 … per link and asker. */
export interface MessageFrame {
  readonly type: 'message';
  readonly kind: MessageFrameKind;
  readonly requestId: number;
  /** Where `payload` stands in the message. */
  readonly offset: number;
  readonly totalBytes: number;
  readonly payload: Uint8Array;
}

export type MessageFrameKind = 'request' | 'reply';

/** Of a later version, and harmless to leave out. */
export interface SkippedFrame {
  readonly type: 'skipped';
  readonly frameType: number;
}

export type Frame = AckFrame | PingFrame | CloseFrame | CreditFrame | DatagramFrame | MessageFrame | SkippedFrame;

/** Until the writer stands at `end`. */
export function writePadding(writer: ByteWriter, end: number): void {
  while (writer.offset < end) writer.u8(frameType.padding);
}

export function writePing(writer: ByteWriter): void {
  writer.u8(frameType.ping);
}

export function writeClose(writer: ByteWriter, code: number): void {
  writer.u8(frameType.close);
  writer.varint(code);
}

export function writeCredit(writer: ByteWriter, maxBytes: number): void {
  writer.u8(frameType.credit);
  writer.varint(maxBytes);
}

export function writeDatagram(writer: ByteWriter, payload: Uint8Array): void {
  writer.u8(frameType.datagram);
  writer.varint(payload.length);
  writer.append(payload);
}

export function datagramFrameBytes(payloadBytes: number): number {
  return 1 + varintBytes(payloadBytes) + payloadBytes;
}

/** Writes as many of the ranges, newest first, as there is room for, and at least the first. */
export function writeAck(writer: ByteWriter, ranges: readonly PacketRange[], delayMs: number): void {
  const largest = ranges[0];
  if (largest === undefined) throw new RangeError('An acknowledgement needs a range');
  const count = rangesThatFit(ranges, writer.room);
  writer.u8(frameType.ack);
  writer.varint(largest.last);
  writer.varint(Math.min(Math.round(delayMs / ackDelayUnitMs), 0x3fff_ffff));
  writer.u8(count - 1);
  writer.varint(largest.last - largest.first);
  let smallest = largest.first;
  for (let index = 1; index < count; index++) {
    const range = ranges[index] ?? largest;
    writer.varint(smallest - range.last - 2);
    writer.varint(range.last - range.first);
    smallest = range.first;
  }
}

/** The most that an acknowledgement of one range takes; what a packet keeps free for it. */
export const maxAckBytesOfOneRange: number = 1 + 8 + 4 + 1 + 8;

function rangesThatFit(ranges: readonly PacketRange[], room: number): number {
  let left = room - maxAckBytesOfOneRange;
  let count = 1;
  for (; count < ranges.length && count < maxAckRanges; count++) {
    const newer = ranges[count - 1];
    const range = ranges[count];
    if (newer === undefined || range === undefined) break;
    left -= varintBytes(newer.first - range.last - 2) + varintBytes(range.last - range.first);
    if (left < 0) break;
  }
  return count;
}

export function writeWholeMessage(
  writer: ByteWriter,
  kind: MessageFrameKind,
  requestId: number,
  payload: Uint8Array,
): void {
  writer.u8(kind === 'request' ? frameType.request : frameType.reply);
  writer.varint(requestId);
  writer.varint(payload.length);
  writer.append(payload);
}

export function wholeMessageBytes(requestId: number, payloadBytes: number): number {
  return 1 + varintBytes(requestId) + varintBytes(payloadBytes) + payloadBytes;
}

export function writeFragment(writer: ByteWriter, fragment: Omit<MessageFrame, 'type'>): void {
  writer.u8(fragment.kind === 'request' ? frameType.requestFragment : frameType.replyFragment);
  writer.varint(fragment.requestId);
  writer.varint(fragment.offset);
  writer.varint(fragment.totalBytes);
  writer.varint(fragment.payload.length);
  writer.append(fragment.payload);
}

/** The most that a fragment takes beyond its payload: type, request id, offset, total, length (each below 2^30, but the id). */
export const maxFragmentOverheadBytes: number = 1 + 8 + 4 + 4 + 4;
