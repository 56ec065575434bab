import zlib from 'node:zlib';

/** CRC-32 (ISO 3309, the one of zlib and Ethernet) of all of `bytes`. */
export type Crc32 = (bytes: Uint8Array) => number;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb8_8320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
}

const table = makeTable();

export const crc32ByTable: Crc32 = (bytes) => {
  let value = 0xffff_ffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
};

/** Node.js has one only from 20.15 and 22.2 on, so not in 21. */
function nativeCrc32(module: { readonly crc32?: Crc32 }): Crc32 | undefined {
  return module.crc32;
}

/** zlib's is seven times faster on 1,200 bytes. */
export const crc32: Crc32 = nativeCrc32(zlib) ?? crc32ByTable;
