import { readUtf8, utf8Length, writeUtf8, type Origin } from '@simpledht/wire';
import { storeError } from '../errors.ts';
import { writeU64, type RecordPlaces } from './record-layout.ts';

/*
 * Keys of the databases, all compared as bytes:
 *   records  key in UTF-8
 *   since    origin 24 bytes · seq u64                       → key
 *   times    'e' · expiry u64 · key, or 't' · hlc u64 · key  → nothing
 */

const originBytes = 24;
const timeKeyStart = 9;

/** Which of the two orders of the `times` database. */
export const timeKinds = { expiry: 0x65, tombstone: 0x74 } as const;
export type TimeKind = (typeof timeKinds)[keyof typeof timeKinds];

export function textBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

export function textOf(bytes: Uint8Array): string {
  const text = readUtf8(bytes, 0, bytes.length);
  if (text !== undefined) return text;
  throw storeError('ERR_STORE', 'The store is damaged: a key in it is not UTF-8');
}

export function sinceKey(origin: Origin, seq: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(originBytes + 8);
  bytes.write(origin, 'hex');
  writeU64(new DataView(bytes.buffer), originBytes, seq);
  return bytes;
}

/** Where a record stands in the `times` database; `undefined` for most, which have a value and no expiry. */
export function timeKey({ isTombstone, hlc, expiresAt }: RecordPlaces, key: Uint8Array): Uint8Array | undefined {
  if (isTombstone) return timeBound(timeKinds.tombstone, hlc, key);
  return expiresAt === 0 ? undefined : timeBound(timeKinds.expiry, expiresAt, key);
}

export function timeBound(kind: TimeKind, time: number, key: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(timeKeyStart + key.length);
  bytes[0] = kind;
  writeU64(new DataView(bytes.buffer), 1, time);
  bytes.set(key, timeKeyStart);
  return bytes;
}

export function keyOfTime(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(timeKeyStart);
}

/**
 * The bytes of a bound: keys at or above it (or above it) are at or above these bytes. A bound may end in half a
 * character, as a prefix by code units does, which no key does: it stands for the first whole one, and no key equals it.
 */
export function boundBytes(text: string, side: 'at' | 'above'): Uint8Array {
  const broken = firstBroken(text);
  if (broken < 0) return side === 'at' ? textBytes(text) : after(textBytes(text));
  const before = text.slice(0, broken);
  const unit = text.charCodeAt(broken);
  if (unit < 0xdc00) return textBytes(`${before}${String.fromCharCode(unit)}\udc00`);
  // A second half alone orders above every character, and so does this byte, which UTF-8 never has.
  return Uint8Array.of(...textBytes(before), 0xf5);
}

/** Index of the first surrogate without its other half, or -1. */
function firstBroken(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) ?? 0;
    if (point >= 0xd800 && point < 0xe000) return index;
    if (point > 0xffff) index++;
  }
  return -1;
}

/** The lowest key above `key`. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
