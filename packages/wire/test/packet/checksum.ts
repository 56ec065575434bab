import type { Sealer } from '../../src/index.ts';

/** CRC-32 of ISO 3309, bit by bit: its own words, so that the transport's is checked against it. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) * 0xedb88320);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

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
