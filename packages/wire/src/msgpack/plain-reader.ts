import { readUtf8 } from '../utf8.ts';

/**
 * Decodes MessagePack that has passed `MessagePackScan`, with nothing but this language. Used where msgpackr alters data:
 * without its native helper it drops U+FEFF from the start of strings longer than 64 bytes. Tests hold the two together.
 */
export class PlainReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private position: number;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
  }

  value(): unknown {
    const token = this.unsigned(1);
    if (token < 0x80) return token;
    if (token < 0x90) return this.map(token & 0x0f);
    if (token < 0xa0) return this.array(token & 0x0f);
    if (token < 0xc0) return this.text(token & 0x1f);
    return token >= 0xe0 ? token - 0x100 : this.typed(token);
  }

  private typed(token: number): unknown {
    switch (token) {
      case 0xc0:
        return null;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.take(this.unsigned(1 << (token - 0xc4))).slice();
      case 0xca:
        return this.view.getFloat32(this.step(4));
      case 0xcb:
        return this.view.getFloat64(this.step(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.unsigned(1 << (token - 0xcc));
      case 0xcf:
        return this.view.getBigUint64(this.step(8));
      case 0xd0:
        return this.view.getInt8(this.step(1));
      case 0xd1:
        return this.view.getInt16(this.step(2));
      case 0xd2:
        return this.view.getInt32(this.step(4));
      case 0xd3:
        return this.view.getBigInt64(this.step(8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.unsigned(1 << (token - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.array(this.unsigned(token === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.map(this.unsigned(token === 0xde ? 2 : 4));
      case 0xc2:
      case 0xc3:
        return token === 0xc3;
      default:
        return this.date(token === 0xc7 ? this.unsigned(1) : 1 << (token - 0xd4));
    }
  }

  private array(length: number): unknown[] {
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value());
    return array;
  }

  private map(length: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) map[String(this.value())] = this.value();
    return map;
  }

  private text(length: number): string {
    const start = this.step(length);
    return readUtf8(this.bytes, start, this.position) ?? '';
  }

  private date(length: number): Date {
    this.step(1);
    if (length === 4) return new Date(this.unsigned(4) * 1000);
    const nanoseconds = this.unsigned(4);
    if (length === 8) {
      const seconds = (nanoseconds & 3) * 0x1_0000_0000 + this.unsigned(4);
      return new Date(seconds * 1000 + (nanoseconds >>> 2) / 1e6);
    }
    return new Date(Number(this.view.getBigInt64(this.step(8))) * 1000 + nanoseconds / 1e6);
  }

  private unsigned(length: number): number {
    let value = 0;
    for (const byte of this.take(length)) value = value * 0x100 + byte;
    return value;
  }

  private take(length: number): Uint8Array {
    const start = this.step(length);
    return this.bytes.subarray(start, this.position);
  }

  private step(length: number): number {
    const start = this.position;
    this.position += length;
    return start;
  }
}
