import { ByteReader, malformed } from './byte-reader.ts';
import type { AckFrame, Frame, MessageFrame, MessageFrameKind, PacketRange } from './frames.ts';
import { ackDelayUnitMs, frameType, maxAckRanges } from './frames.ts';

/**
 * All frames of an opened packet, `packet` from `start` to `end`, or none of them: throws `ERR_MALFORMED` at the first
 * that is wrong. Payloads are views into `packet`. Work and memory are bounded by the length of the packet.
 */
export function readFrames(packet: Uint8Array, start: number, end: number): Frame[] {
  const reader = new ByteReader(packet, start, end);
  const frames: Frame[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    if (type !== frameType.padding) frames.push(readFrame(reader, type));
  }
  return frames;
}

/** An unknown frame without the high bit; the link is closed with a code of its own. */
export const unknownFrameText = 'unknown frame';

function readFrame(reader: ByteReader, type: number): Frame {
  switch (type) {
    case frameType.request:
      return readWhole(reader, 'request');
    case frameType.reply:
      return readWhole(reader, 'reply');
    case frameType.ack:
      return readAck(reader);
    case frameType.datagram:
      return { type: 'datagram', payload: reader.take(reader.varint()) };
    case frameType.requestFragment:
      return readFragment(reader, 'request');
    case frameType.replyFragment:
      return readFragment(reader, 'reply');
    case frameType.ping:
      return { type: 'ping' };
    case frameType.credit:
      return { type: 'credit', maxBytes: reader.varint() };
    case frameType.close:
      return { type: 'close', code: reader.varint() };
    default:
      return readUnknown(reader, type);
  }
}

function readUnknown(reader: ByteReader, type: number): Frame {
  if ((type & frameType.skippable) === 0) throw malformed(`${unknownFrameText} ${String(type)}`);
  reader.take(reader.varint());
  return { type: 'skipped', frameType: type };
}

function readWhole(reader: ByteReader, kind: MessageFrameKind): MessageFrame {
  const requestId = reader.varint();
  const payload = reader.take(reader.varint());
  return { type: 'message', kind, requestId, offset: 0, totalBytes: payload.length, payload };
}

function readFragment(reader: ByteReader, kind: MessageFrameKind): MessageFrame {
  const requestId = reader.varint();
  const offset = reader.varint();
  const totalBytes = reader.varint();
  const payload = reader.take(reader.varint());
  if (payload.length === 0) throw malformed('an empty fragment');
  if (offset + payload.length > totalBytes) throw malformed('a fragment past the end of its message');
  return { type: 'message', kind, requestId, offset, totalBytes, payload };
}

function readAck(reader: ByteReader): AckFrame {
  const largest = reader.varint();
  const delayMs = reader.varint() * ackDelayUnitMs;
  const further = reader.u8();
  if (further >= maxAckRanges) throw malformed('too many ranges');
  const ranges: PacketRange[] = [readRange(reader, largest)];
  let smallest = ranges[0]?.first ?? 0;
  for (let index = 0; index < further; index++) {
    const range = readRange(reader, smallest - reader.varint() - 2);
    ranges.push(range);
    smallest = range.first;
  }
  return { type: 'ack', delayMs, ranges };
}

function readRange(reader: ByteReader, last: number): PacketRange {
  const first = last - reader.varint();
  if (first < 0) throw malformed('a range below zero');
  return { first, last };
}
