import { readUtf8 } from '../utf8.ts';
import { maxSharedBytes, packedBeside } from './pool.ts';

/** From this length on a byte string has a length of two bytes. */
const longBytes = 0x100;
/** Up to this length the token of a string holds its length. */
const longestFixed = 0x1f;
/** Longer strings are left to msgpackr, whose native code is quicker there. */
const longestText = 0xff;

/**
 * What msgpackr would make of the values that most maps are full of, without it: short byte strings and short texts in
 * ASCII, in a third of the time. `undefined` for every other value.
 */
export function encodeSimple(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return value.length <= longestText ? encodeAscii(value) : undefined;
  if (!(value instanceof Uint8Array) || value.length > maxSharedBytes - 3) return undefined;
  return encodeByteString(value);
}

function encodeByteString(value: Uint8Array): Uint8Array {
  const { length } = value;
  const start = length < longBytes ? 2 : 3;
  const bytes = packedBeside(start + length);
  bytes[0] = length < longBytes ? 0xc4 : 0xc5;
  if (start === 3) bytes[1] = length >> 8;
  bytes[start - 1] = length;
  bytes.set(value, start);
  return bytes;
}

function encodeAscii(text: string): Uint8Array | undefined {
  const { length } = text;
  for (let index = 0; index < length; index++) if (text.charCodeAt(index) >= 0x80) return undefined;
  const start = length <= longestFixed ? 1 : 2;
  const bytes = packedBeside(start + length);
  bytes[0] = start === 1 ? 0xa0 | length : 0xd9;
  if (start === 2) bytes[1] = length;
  for (let index = 0; index < length; index++) bytes[start + index] = text.charCodeAt(index);
  return bytes;
}

/**
 * The other way round: a byte string, a short text or a small number that is the whole value, well-formed to the last
 * byte. `undefined` for everything else, which the general way then decodes or refuses.
 */
export function decodeSimple(bytes: Uint8Array): Uint8Array | string | number | undefined {
  const token = bytes[0] ?? 0xc1;
  if (token < 0x80) return bytes.length === 1 ? token : undefined;
  if (token === 0xc4) return bytes[1] === bytes.length - 2 ? copyFrom(bytes, 2) : undefined;
  if (token === 0xc5) {
    const length = ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
    return bytes.length >= 3 && length === bytes.length - 3 ? copyFrom(bytes, 3) : undefined;
  }
  if (token >= 0xa0 && token < 0xc0)
    return (token & longestFixed) === bytes.length - 1 ? readUtf8(bytes, 1, bytes.length) : undefined;
  return undefined;
}

/** A Buffer's `slice` would be a view of its memory. */
function copyFrom(bytes: Uint8Array, start: number): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes.slice(start) : new Uint8Array(bytes.subarray(start));
}
