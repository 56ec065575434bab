import { MalformedError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isUtf8, readUtf8 } from '../utf8.ts';

/** Maps up to this size compare their keys pairwise; larger ones collect them in a Set. */
const pairwiseKeys = 16;
/** msgpackr reads longer strings by a TextDecoder that drops a leading U+FEFF, where its native helper is missing. */
const decodedInJsBytes = 64;

/**
 * Walks one MessagePack value before it is decoded, so that decoding cannot fail, build anything but data, or grow
 * without bound. Refuses what the specification leaves open and what decoders disagree on:
 *
 * 1. containers nested deeper than `limits.maxDepth`; more than `limits.maxElements` values or `limits.maxObjects` objects;
 *    a length that the bytes left cannot hold
 * 2. every extension but the timestamp (-1), in its three forms and within the range of dates
 * 3. strings that are not valid UTF-8
 * 4. map keys that are not strings, are there twice, or are `__proto__`
 * 5. 0xc1, and anything after the value
 */
export class MessagePackScan {
  /** A string begins with U+FEFF where msgpackr may drop it (see `PlainReader`). */
  hasByteOrderMark = false;
  private readonly bytes: Uint8Array;
  private position: number;
  private elements = 0;
  private objects = 0;
  /** Start and end of each key of the small maps that are open: at most 2 · 16 numbers for each of 64 levels. */
  private readonly keys: number[] = [];

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.position = start;
  }

  /** Throws `MalformedError` unless exactly one acceptable value follows. */
  run(): this {
    this.value(0);
    if (this.position !== this.bytes.length) throw malformed('bytes after the value');
    return this;
  }

  private value(depth: number): void {
    const token = this.unsigned(1);
    if (token < 0x80 || token >= 0xe0) return;
    if (token < 0x90) this.map(token & 0x0f, depth);
    else if (token < 0xa0) this.array(token & 0x0f, depth);
    else if (token < 0xc0) this.text(token & 0x1f);
    else this.typed(token, depth);
  }

  private typed(token: number, depth: number): void {
    switch (token) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        this.object();
        this.skip(this.unsigned(1 << (token - 0xc4)));
        return;
      case 0xca:
        this.skip(4);
        return;
      case 0xcb:
        this.skip(8);
        return;
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        this.skip(1 << (token - 0xcc));
        return;
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        this.skip(1 << (token - 0xd0));
        return;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.text(this.unsigned(1 << (token - 0xd9)));
        return;
      case 0xdc:
      case 0xdd:
        this.array(this.unsigned(token === 0xdc ? 2 : 4), depth);
        return;
      case 0xde:
      case 0xdf:
        this.map(this.unsigned(token === 0xde ? 2 : 4), depth);
        return;
      default:
        this.extension(token);
    }
  }

  private array(length: number, depth: number): void {
    this.enter(length, depth);
    for (let index = 0; index < length; index++) this.value(depth + 1);
  }

  private map(length: number, depth: number): void {
    this.enter(length * 2, depth);
    if (length > pairwiseKeys) {
      this.largeMap(length, depth);
      return;
    }
    const firstKey = this.keys.length;
    for (let index = 0; index < length; index++) {
      const start = this.key();
      if (this.isKnownKey(firstKey, start, this.position)) throw malformed('a key twice in one map');
      this.keys.push(start, this.position);
      this.value(depth + 1);
    }
    this.keys.length = firstKey;
  }

  private largeMap(length: number, depth: number): void {
    const seen = new Set<string | undefined>();
    for (let index = 0; index < length; index++) {
      const start = this.key();
      seen.add(readUtf8(this.bytes, start, this.position));
      if (seen.size !== index + 1) throw malformed('a key twice in one map');
      this.value(depth + 1);
    }
  }

  private enter(values: number, depth: number): void {
    if (depth >= limits.maxDepth) throw malformed(`deeper than ${String(limits.maxDepth)} levels`);
    this.object();
    this.elements += values;
    if (values > this.bytes.length - this.position) throw malformed('ends too early');
    if (this.elements > limits.maxElements) throw malformed(`more than ${String(limits.maxElements)} elements`);
  }

  private object(): void {
    if (++this.objects > limits.maxObjects)
      throw malformed(`more than ${String(limits.maxObjects)} arrays and objects`);
  }

  /** Steps over a key and returns where its bytes begin. */
  private key(): number {
    const token = this.unsigned(1);
    let length: number;
    if (token >= 0xa0 && token < 0xc0) length = token & 0x1f;
    else if (token >= 0xd9 && token <= 0xdb) length = this.unsigned(1 << (token - 0xd9));
    else throw malformed('a map key that is not a string');
    const start = this.position;
    this.text(length);
    if (length === 9 && readUtf8(this.bytes, start, this.position) === '__proto__') {
      throw malformed('a map key __proto__');
    }
    return start;
  }

  private isKnownKey(firstKey: number, start: number, end: number): boolean {
    for (let index = firstKey; index < this.keys.length; index += 2) {
      const other = this.keys[index] ?? 0;
      if ((this.keys[index + 1] ?? 0) - other === end - start && this.equal(other, start, end - start)) return true;
    }
    return false;
  }

  private equal(left: number, right: number, length: number): boolean {
    for (let offset = 0; offset < length; offset++) {
      if (this.bytes[left + offset] !== this.bytes[right + offset]) return false;
    }
    return true;
  }

  private text(length: number): void {
    const start = this.position;
    this.skip(length);
    if (!isUtf8(this.bytes, start, this.position)) throw malformed('a string that is not valid UTF-8');
    if (length > decodedInJsBytes && this.bytes[start] === 0xef && this.beginsWithMark(start)) {
      this.hasByteOrderMark = true;
    }
  }

  private beginsWithMark(start: number): boolean {
    return this.bytes[start + 1] === 0xbb && this.bytes[start + 2] === 0xbf;
  }

  /** Timestamps: 32 bits, 64 bits (30 of nanoseconds, 34 of seconds), 96 bits (32 of nanoseconds, 64 of signed seconds). */
  private extension(token: number): void {
    const length = token === 0xd6 ? 4 : token === 0xd7 ? 8 : token === 0xc7 ? this.unsigned(1) : 0;
    if ((length !== 4 && length !== 8 && length !== 12) || (token === 0xc7) !== (length === 12)) {
      throw malformed(`type 0x${token.toString(16)}`);
    }
    if (this.unsigned(1) !== 0xff) throw malformed('an extension that is not a timestamp');
    this.object();
    const nanoseconds = length === 4 ? 0 : this.unsigned(4);
    if ((length === 8 ? nanoseconds >>> 2 : nanoseconds) > 999_999_999) throw malformed('a timestamp out of range');
    const high = length === 12 ? this.unsigned(4) | 0 : 0;
    const seconds = high * 0x1_0000_0000 + this.unsigned(4);
    const timeMs = seconds * 1000 + (length === 12 ? nanoseconds / 1e6 : 0);
    if (Math.abs(timeMs) > limits.maxTimeMs) throw malformed('a timestamp out of range');
  }

  private unsigned(length: number): number {
    const start = this.position;
    this.skip(length);
    let value = 0;
    for (let offset = start; offset < this.position; offset++) value = value * 0x100 + (this.bytes[offset] ?? 0);
    return value;
  }

  private skip(length: number): void {
    if (length > this.bytes.length - this.position) throw malformed('ends too early');
    this.position += length;
  }
}

function malformed(what: string): MalformedError {
  return new MalformedError('messagepack', `MessagePack: ${what}`);
}
