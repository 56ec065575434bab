import { writeUtf8, utf8Length } from '../utf8.ts';
import { writeHex } from './hex.ts';

/** Bytes that a varint takes at most. */
export const maxVarintBytes = 8;

/** Up to this many UTF-16 units the UTF-8 length of a string is below 64, one byte, whatever its characters are. */
const oneByteLengthUnits = 21;

/**
 * Writes fixed layouts. Whoever writes reserves room once per item and not once per byte: that is half of the time of a
 * record. `finish` checks that no item promised less than it wrote.
 */
export class BodyWriter {
  private target: Uint8Array;
  private position = 0;

  constructor(estimatedBytes: number) {
    this.target = new Uint8Array(estimatedBytes);
  }

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.target.length) return;
    const larger = new Uint8Array(Math.max(needed, this.target.length * 2));
    larger.set(this.target.subarray(0, this.position));
    this.target = larger;
  }

  byte(value: number): void {
    this.target[this.position++] = value;
  }

  /**
   * 1, 2, 4 or 8 bytes, the length in the two high bits (RFC 9000 §16), as in packets; always the shortest that fits. 0 …
   * 2^53 - 1: a number outside throws, because it would be sent as another.
   */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${String(value)}`);
    const { target } = this;
    if (value < 0x40) {
      target[this.position++] = value;
    } else if (value < 0x4000) {
      target[this.position++] = 0x40 | (value >>> 8);
      target[this.position++] = value;
    } else if (value < 0x4000_0000) {
      this.word(value + 0x8000_0000);
    } else {
      // Division, because bit operations cut at 32 bits.
      this.word(Math.floor(value / 0x1_0000_0000) + 0xc000_0000);
      this.word(value);
    }
  }

  /** The low 32 bits of a safe integer: typed arrays and `>>>` both reduce modulo 2^32. */
  private word(value: number): void {
    const { target } = this;
    target[this.position++] = value >>> 24;
    target[this.position++] = value >>> 16;
    target[this.position++] = value >>> 8;
    target[this.position++] = value;
  }

  bytes(value: Uint8Array): void {
    this.target.set(value, this.position);
    this.position += value.length;
  }

  hex(value: string): void {
    writeHex(value, this.target, this.position);
    this.position += value.length / 2;
  }

  /** Length as a varint, then UTF-8. */
  text(value: string): void {
    if (value.length > oneByteLengthUnits) {
      this.varint(utf8Length(value));
      this.position = writeUtf8(value, this.target, this.position);
      return;
    }
    const start = this.position + 1;
    this.position = writeUtf8(value, this.target, start);
    this.target[start - 1] = this.position - start;
  }

  /** What was written. A view of a slightly larger buffer when copying would save little; nobody else holds that buffer. */
  finish(): Uint8Array {
    // A typed array ignores writes past its end.
    if (this.position > this.target.length) throw new RangeError('wrote past the room reserved');
    const wasted = this.target.length - this.position;
    return wasted * 8 > this.target.length
      ? this.target.slice(0, this.position)
      : this.target.subarray(0, this.position);
  }
}
