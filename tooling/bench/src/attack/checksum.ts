import zlib from 'node:zlib';
import type { Sealer } from '@simpledht/wire';

const tagBytes = 4;

function sumOf(packet: Uint8Array): number {
  // eslint-disable-next-line n/no-unsupported-features/node-builtins -- in Node.js from 20.15 on; the bench is never installed by users
  return zlib.crc32(packet.subarray(0, packet.length - tagBytes)) >>> 0;
}

function view(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.length);
}

/** The tag of packets without a secret, which anybody can make. */
export const checksum: Sealer = {
  tagBytes,
  seal(packet) {
    view(packet).setUint32(packet.length - tagBytes, sumOf(packet));
  },
  open(packet) {
    return packet.length >= tagBytes && view(packet).getUint32(packet.length - tagBytes) === sumOf(packet);
  },
};
