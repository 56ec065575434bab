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
