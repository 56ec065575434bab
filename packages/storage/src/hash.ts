import type { StoredRecord } from '@simpledht/wire';

/** A 64-bit hash in two unsigned 32-bit halves. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/**
 * Hash of what a record says (key, version, writer, value), the dot and expiry left out; the same on every node, so it
 * is part of the protocol. It finds damage and bugs, not malice.
 *
 * Two lanes of 32 bits, because JavaScript multiplies 32 bits at a time, each fed every word: the rounds of xxHash32
 * (Yann Collet, BSD; specification, steps 2 and 4: rotation 13 with primes 2 and 1, rotation 17 with primes 3 and 4),
 * joined by the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
export function hash64({ key, hlc, writer, value }: StoredRecord): Hash64 {
  let high = mixHigh(mixHigh(firstSeed, hlc | 0), hlc / 0x1_0000_0000);
  let low = mixLow(mixLow(secondSeed, hlc | 0), hlc / 0x1_0000_0000);
  for (let index = 0; index < key.length; index += 2) {
    const word = key.charCodeAt(index) | (key.charCodeAt(index + 1) << 16);
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  for (let index = 0; index < writer.length; index += 4) {
    const word = hexWord(writer, index);
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  const bytes = value ?? noBytes;
  const whole = bytes.length & ~3;
  for (let index = 0; index < whole; index += 4) {
    const word = byteWord(bytes, index);
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  for (let index = whole; index < bytes.length; index++) {
    const word = bytes[index] ?? 0;
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  return finished(high ^ bytes.length, low ^ key.length);
}

/** Primes 5 and 1 of xxHash32: a first word of zeros must not leave a lane at zero. */
const firstSeed = 0x165667b1;
const secondSeed = 0x9e3779b1;
const noBytes = new Uint8Array(0);

function mixHigh(lane: number, word: number): number {
  const h = (lane + Math.imul(word, 0x85ebca77)) | 0;
  return Math.imul((h << 13) | (h >>> 19), 0x9e3779b1);
}

function mixLow(lane: number, word: number): number {
  const h = (lane + Math.imul(word, 0xc2b2ae3d)) | 0;
  return Math.imul((h << 17) | (h >>> 15), 0x27d4eb2f);
}

/** Four hex digits in one word. */
function hexWord(text: string, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  );
}

function byteWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function finished(high: number, low: number): Hash64 {
  const first = fmix(high + low);
  const second = fmix(low + high + low);
  const top = (first + second) | 0;
  return { high: top >>> 0, low: (second + top) >>> 0 };
}

/** MurmurHash3's finalizer: every input bit reaches every output bit. */
function fmix(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
