import { crc32 } from 'node:zlib';
import type { Sealer } from '../../src/index.ts';

/** The tag without a secret, as the transport makes it: CRC-32 of everything before it. */
export const checksum: Sealer = {
  tagBytes: 4,
  seal: (packet) => {
    const end = packet.length - 4;
    new DataView(packet.buffer, packet.byteOffset).setUint32(end, crc32(packet.subarray(0, end)));
  },
  open: (packet) => {
    const end = packet.length - 4;
    if (end < 0) return false;
    return new DataView(packet.buffer, packet.byteOffset).getUint32(end) === crc32(packet.subarray(0, end));
  },
};

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}
