import type { StoredRecord } from '@simpledht/wire';

/** A 64-bit hash in two unsigned 32-bit halves. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** Two signed halves on the way to one. */
interface Lanes {
  readonly high: number;
  readonly low: number;
}

/** Primes 5 and 1 of xxHash32: a first word of zeros must not leave a lane at zero. */
const firstSeed = 0x165667b1;
const secondSeed = 0x9e3779b1 | 0;
const stripeBytes = 8;

/**
 * Hash of what a record says (writer, version, key, value), the dot and expiry left out; the same on every node, so it
 * is part of the protocol. It finds damage and bugs, not malice.
 *
 * Two lanes of 32 bits, because JavaScript multiplies 32 bits at a time, each fed every word: the rounds of xxHash32
 * (Yann Collet, BSD; specification, steps 2 and 4: rotation 13 with primes 2 and 1, rotation 17 with primes 3 and 4),
 * joined by the finalizer of MurmurHash3 (Austin Appleby, public domain). The words of a value go to two such pairs in
 * turn, because one pair alone has to wait for each of its products: 10 KiB take 5 µs instead of 13.
 *
 * `value` is the record's, from a caller that has read it already: a store may make it at each reading.
 */
export function hash64(record: StoredRecord, value: Uint8Array | null = record.value): Hash64 {
  const { key, hlc, writer } = record;
  if (writer !== begun.writer) begun = begin(writer);
  const upper = hlc / 0x1_0000_0000;
  let high = mixHigh(mixHigh(begun.high, hlc | 0), upper);
  let low = mixLow(mixLow(begun.low, hlc | 0), upper);
  const pairs = key.length & ~1;
  for (let index = 0; index < pairs; index += 2) {
    const word = key.charCodeAt(index) | (key.charCodeAt(index + 1) << 16);
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  if (pairs < key.length) {
    high = mixHigh(high, key.charCodeAt(pairs));
    low = mixLow(low, key.charCodeAt(pairs));
  }
  if (value === null || value.length === 0) return finished(high, low ^ key.length);
  const lanes = hashValue(value, high, low);
  return finished(lanes.high ^ value.length, lanes.low ^ key.length);
}

/** The writer comes first, so that a run of records of one writer mixes it in once: a sixth of a small record's time. */
let begun: Lanes & { readonly writer: string } = begin('');

function begin(writer: string): Lanes & { readonly writer: string } {
  let high = firstSeed;
  let low = secondSeed;
  for (let index = 0; index < writer.length; index += 4) {
    const word = hexWord(writer, index);
    high = mixHigh(high, word);
    low = mixLow(low, word);
  }
  return { writer, high, low };
}

function hashValue(bytes: Uint8Array, high: number, low: number): Lanes {
  const striped = bytes.length & -stripeBytes;
  const stripes = striped === 0 ? undefined : hashStripes(bytes, striped, { high, low });
  let above = stripes === undefined ? high : stripes.high;
  let below = stripes === undefined ? low : stripes.low;
  const whole = bytes.length & ~3;
  for (let at = striped; at < whole; at += 4) {
    const word = byteWord(bytes, at);
    above = mixHigh(above, word);
    below = mixLow(below, word);
  }
  for (let at = whole; at < bytes.length; at++) {
    const word = bytes[at] ?? 0;
    above = mixHigh(above, word);
    below = mixLow(below, word);
  }
  return { high: above, low: below };
}

/** Two pairs of lanes, the words to one and the other in turn; then one pair again. More pairs outgrow what V8 inlines. */
function hashStripes(bytes: Uint8Array, end: number, { high, low }: Lanes): Lanes {
  let evenHigh = high;
  let evenLow = low;
  let oddHigh = firstSeed;
  let oddLow = secondSeed;
  for (let at = 0; at < end; at += stripeBytes) {
    const even = byteWord(bytes, at);
    evenHigh = mixHigh(evenHigh, even);
    evenLow = mixLow(evenLow, even);
    const odd = byteWord(bytes, at + 4);
    oddHigh = mixHigh(oddHigh, odd);
    oddLow = mixLow(oddLow, odd);
  }
  return { high: mixHigh(evenHigh, oddHigh), low: mixLow(evenLow, oddLow) };
}

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
