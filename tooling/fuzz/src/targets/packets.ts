import { isIP } from 'node:net';
import {
  ackDelayUnitMs,
  ByteWriter,
  decodeHandshake,
  encodeHandshake,
  maxAckRanges,
  readFrames,
  readPacketHeader,
  writePacketHeader,
  type Frame,
  type HandshakePacket,
  type PacketHeader,
  type Sealer,
} from '@simpledht/wire';
import { crc32 } from '../../../../packages/transport/src/crc32.ts';
import { bindingRequest, isStun, readStun } from '../../../../packages/transport/src/stun/core/message.ts';
import { frameVectors, handshakeVectors } from '../../../../packages/wire/test/packet/vectors.ts';
import { writeFrame } from '../../../../packages/wire/test/packet/write-frame.ts';
import { assertThat, isMalformed, roundTrip, type Target } from '../target.ts';

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The tag without a secret. */
const checksum: Sealer = {
  tagBytes: 4,
  seal: (packet) => {
    viewOf(packet).setUint32(packet.length - 4, crc32(packet.subarray(0, packet.length - 4)));
  },
  open: (packet) => viewOf(packet).getUint32(packet.length - 4) === crc32(packet.subarray(0, packet.length - 4)),
};

function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const bytes = frames.reduce((sum, frame) => sum + ('payload' in frame ? frame.payload.length : 600) + 32, 0);
  const writer = new ByteWriter(new Uint8Array(bytes));
  for (const frame of frames) writeFrame(writer, frame);
  return writer.bytes.slice(0, writer.offset);
}

/** Frames as a writer can say them: longer delays are cut, and frames of later versions are left out. */
function sayable(frames: readonly Frame[]): readonly Frame[] {
  const maxDelayMs = 0x3fff_ffff * ackDelayUnitMs;
  return frames
    .filter(({ type }) => type !== 'skipped')
    .map((frame) => (frame.type === 'ack' ? { ...frame, delayMs: Math.min(frame.delayMs, maxDelayMs) } : frame));
}

function judgeFrame(frame: Frame): void {
  if (frame.type === 'message') {
    assertThat(frame.offset + frame.payload.length <= frame.totalBytes, 'a fragment is within its message');
  }
  if (frame.type !== 'ack') return;
  assertThat(frame.ranges.length <= maxAckRanges, 'ranges keep the limit');
  let end = Infinity;
  for (const { first, last } of frame.ranges) {
    assertThat(first >= 0 && first <= last && last < end - 1, 'ranges descend and are apart');
    end = first;
  }
}

const frames = roundTrip<readonly Frame[]>({
  name: 'frames',
  sources: ['/wire/src/packet/read-frames', '/wire/src/packet/frames', '/wire/src/packet/byte-reader'],
  seeds: () => [...frameVectors.map(([, hex]) => unhex(hex)), unhex(frameVectors.map(([, hex]) => hex).join(' '))],
  decode: (input) => sayable(readFrames(input, 0, input.length)),
  encode: encodeFrames,
  refuses: isMalformed,
  isShortest: true,
  judge: (decoded) => {
    decoded.forEach(judgeFrame);
    return decoded[0]?.type ?? '';
  },
});

const headers = roundTrip<PacketHeader>({
  name: 'packet-header',
  sources: ['/wire/src/packet/header', '/wire/src/packet/byte-reader'],
  seeds: () => [unhex('41 a1b2c3d4 000000000007'), unhex('49 00000001 ffffffffffff')],
  decode: readPacketHeader,
  encode: (header) => {
    const writer = new ByteWriter(new Uint8Array(16));
    writePacketHeader(writer, header);
    return writer.bytes.slice(0, writer.offset);
  },
  refuses: isMalformed,
});

const handshakes = roundTrip<HandshakePacket>({
  name: 'handshake',
  sources: ['/wire/src/packet/handshake', '/wire/src/packet/header', '/wire/src/packet/byte-reader'],
  seeds: () => handshakeVectors.map(([, hex]) => unhex(hex)),
  repair: (input) => {
    if (input.length >= 4) checksum.seal(input, 0, 0);
    return input;
  },
  decode: (input) => {
    // Parameters that nobody knows are part of the context and not written again.
    const { context: _, ...packet } = decodeHandshake(input, checksum);
    return packet;
  },
  encode: (packet) => encodeHandshake(packet, checksum),
  refuses: isMalformed,
  judge: ({ type }) => type,
});

const id = '000102030405060708090a0b';

/** Length, cookie and fingerprint as they have to be. */
function repairStun(input: Uint8Array): Uint8Array {
  if (input.length < 28) return input;
  const whole = input.slice(0, input.length - (input.length % 4));
  const view = viewOf(whole);
  whole[0] = (whole[0] ?? 0) & 0x3f;
  view.setUint16(2, whole.length - 20);
  view.setUint32(4, 0x2112_a442);
  if (view.getUint16(whole.length - 8) === 0x8028) {
    view.setUint32(whole.length - 4, (crc32(whole.subarray(0, whole.length - 8)) ^ 0x5354_554e) >>> 0);
  }
  return whole;
}

const stun: Target = {
  name: 'stun',
  sources: ['/transport/src/stun/core/message'],
  seeds: () => [
    bindingRequest(unhex(id), crc32),
    unhex(`0101000c2112a442${id} 002000080001a147e112a643`),
    repairStun(unhex(`010100002112a442${id} 00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9 80280004 00000000`)),
    unhex(`011100142112a442${id} 0009000800000414 526f6c65 000a0004 00240025`),
  ],
  repair: repairStun,
  run: (input) => {
    const message = readStun(input, crc32);
    if (message === undefined) return isStun(input) ? 'refused' : 'none';
    const { mapped, error, unknown, transactionId } = message;
    assertThat(transactionId.length === 12, 'a transaction id has 12 bytes');
    assertThat(mapped === undefined || isIP(mapped.ip) === (mapped.family === 'ipv4' ? 4 : 6), 'an address is one');
    assertThat(mapped === undefined || (mapped.port >= 0 && mapped.port <= 65_535), 'a port has 16 bits');
    assertThat(error === undefined || /^[ -~]{0,127}$/.test(error.reason), 'a phrase can be printed');
    assertThat(
      unknown.every((type) => type < 0x8000),
      'what may be left out is not named',
    );
    return `${message.class} ${mapped?.family ?? ''} ${String(error !== undefined)} ${String(unknown.length > 0)}`;
  },
};

export const packetTargets: readonly Target[] = [frames, headers, handshakes, stun];
