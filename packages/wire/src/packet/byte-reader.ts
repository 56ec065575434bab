import { SimpleDHTError } from '../errors.ts';

/** What every decoder of packets throws, and the only thing it throws. */
export function malformed(what: string): SimpleDHTError {
  return new SimpleDHTError('ERR_MALFORMED', `Malformed packet: ${what}`);
}

/** Reads big-endian fields from a span of bytes and never past its end. Throws only `ERR_MALFORMED`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = Math.min(end, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  u32(): number {
    return this.#u32At(this.#advance(4));
  }

  /** 48 bits: any value is a safe integer. */
  u48(): number {
    const at = this.#advance(6);
    return this.#u16At(at) * 0x1_0000_0000 + this.#u32At(at + 2);
  }

  /** RFC 9000 §16: the two high bits say 1, 2, 4 or 8 bytes. Values past the safe integers are malformed. */
  varint(): number {
    const at = this.#advance(1);
    const first = this.#bytes[at] ?? 0;
    if (first < 0x40) return first;
    if (first < 0x80) return (first & 0x3f) * 0x100 + (this.#bytes[this.#advance(1)] ?? 0);
    if (first < 0xc0) {
      this.#advance(3);
      return this.#u32At(at) - 0x8000_0000;
    }
    this.#advance(7);
    const high = this.#u32At(at) - 0xc000_0000;
    if (high >= 0x20_0000) throw malformed('integer above 2^53');
    return high * 0x1_0000_0000 + this.#u32At(at + 4);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  #advance(length: number): number {
    const at = this.#offset;
    if (length > this.#end - at) throw malformed('it ends early');
    this.#offset = at + length;
    return at;
  }

  #u16At(at: number): number {
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  #u32At(at: number): number {
    return this.#u16At(at) * 0x1_0000 + this.#u16At(at + 2);
  }
}
