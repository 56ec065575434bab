import { MalformedError } from '../errors.ts';
import { bytesToHex } from './hex.ts';

/** Reads fixed layouts; everything that runs past the end, or is written in a longer form than needed, is malformed. */
export class BodyReader {
  readonly source: Uint8Array;
  private position: number;

  constructor(source: Uint8Array, position = 0) {
    this.source = source;
    this.position = position;
  }

  get remaining(): number {
    return this.source.length - this.position;
  }

  byte(): number {
    const byte = this.source[this.position++];
    if (byte === undefined) throw new MalformedError('layout', 'ends too early');
    return byte;
  }

  /** See `BodyWriter.varint`. */
  varint(): number {
    const first = this.byte();
    if (first < 0x40) return first;
    const value = this.big(first & 0x3f, (1 << (first >> 6)) - 1);
    // The smallest value that needs each length: a shorter form must have been used below it.
    const least = first < 0x80 ? 0x40 : first < 0xc0 ? 0x4000 : 0x4000_0000;
    if (value < least || value > Number.MAX_SAFE_INTEGER) {
      throw new MalformedError('layout', 'has an integer out of range or longer than needed');
    }
    return value;
  }

  /** `more` big-endian bytes after `high`. Multiplication, because bit operations cut at 32 bits. */
  private big(high: number, more: number): number {
    let value = high;
    for (let index = 0; index < more; index++) value = value * 0x100 + this.byte();
    return value;
  }

  /** A count of items that take at least `itemBytes` each: never more than the bytes that are left can hold. */
  count(max: number, itemBytes: number): number {
    const count = this.varint();
    if (count > max || count * itemBytes > this.remaining) throw new MalformedError('layout', 'has too large a count');
    return count;
  }

  /** Steps over `length` bytes and returns where they begin. */
  skip(length: number): number {
    const start = this.position;
    if (length > this.remaining) throw new MalformedError('layout', 'ends too early');
    this.position = start + length;
    return start;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.skip(length);
    return this.source.subarray(start, start + length);
  }

  hex(length: number): string {
    const start = this.skip(length);
    return bytesToHex(this.source, start, start + length);
  }

  end(): void {
    if (this.remaining !== 0) throw new MalformedError('layout', 'goes on after its end');
  }
}
