/** Largest value of a varint here: what a JavaScript number holds exactly. RFC 9000 allows 2^62 - 1. */
const maxVarint = Number.MAX_SAFE_INTEGER;

/** Bytes that `varint` takes (RFC 9000 §16). */
export function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x4000_0000 ? 4 : 8;
}

/**
 * Writes big-endian fields into a span of bytes. Whoever writes has counted the room before; a write past the end is
 * a bug here, never the network's doing, and throws a RangeError.
 */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get room(): number {
    return this.#end - this.#offset;
  }

  u8(value: number): void {
    this.bytes[this.#advance(1)] = value;
  }

  u32(value: number): void {
    this.#u32At(this.#advance(4), value);
  }

  u48(value: number): void {
    const at = this.#advance(6);
    const high = Math.floor(value / 0x1_0000_0000);
    this.bytes[at] = high >>> 8;
    this.bytes[at + 1] = high;
    this.#u32At(at + 2, value);
  }

  varint(value: number): void {
    const length = varintBytes(value);
    const at = this.#advance(length);
    if (length === 1) this.bytes[at] = value;
    else if (length === 2) {
      this.bytes[at] = 0x40 | (value >>> 8);
      this.bytes[at + 1] = value;
    } else if (length === 4) this.#u32At(at, value + 0x8000_0000);
    else {
      if (value > maxVarint) throw new RangeError('Integer above 2^53');
      this.#u32At(at, Math.floor(value / 0x1_0000_0000) + 0xc000_0000);
      this.#u32At(at + 4, value);
    }
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#advance(bytes.length));
  }

  #advance(length: number): number {
    const at = this.#offset;
    if (length > this.#end - at) throw new RangeError('The packet is full');
    this.#offset = at + length;
    return at;
  }

  /** Takes the low 32 bits of any safe integer: typed arrays and `>>>` both reduce modulo 2^32. */
  #u32At(at: number, value: number): void {
    this.bytes[at] = value >>> 24;
    this.bytes[at + 1] = value >>> 16;
    this.bytes[at + 2] = value >>> 8;
    this.bytes[at + 3] = value;
  }
}
