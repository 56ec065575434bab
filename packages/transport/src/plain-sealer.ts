import type { Sealer } from '@simpledht/wire';
import { crc32 } from './crc32.ts';

const tagBytes = 4;

/** Without a secret: CRC-32 (ISO 3309) of everything before it, big-endian. Finds damage, keeps nobody out. */
export const plainSealer: Sealer = {
  tagBytes,
  seal(packet) {
    const end = packet.length - tagBytes;
    const sum = crc32(packet.subarray(0, end));
    packet[end] = sum >>> 24;
    packet[end + 1] = sum >>> 16;
    packet[end + 2] = sum >>> 8;
    packet[end + 3] = sum;
  },
  open(packet) {
    const end = packet.length - tagBytes;
    if (end < 0) return false;
    const sum = crc32(packet.subarray(0, end));
    return (
      packet[end] === sum >>> 24 &&
      packet[end + 1] === ((sum >>> 16) & 0xff) &&
      packet[end + 2] === ((sum >>> 8) & 0xff) &&
      packet[end + 3] === (sum & 0xff)
    );
  },
};
