const digits = '0123456789abcdef';

/** Lower-case hex of bytes[start, end). */
export function bytesToHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const units = new Array<number>((end - start) * 2);
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    units[(index - start) * 2] = digits.charCodeAt(byte >> 4);
    units[(index - start) * 2 + 1] = digits.charCodeAt(byte & 15);
  }
  return String.fromCharCode(...units);
}

/** Writes the bytes of lower-case hex at `position`. Throws a RangeError on anything else: ids are checked before. */
export function writeHex(hex: string, target: Uint8Array, position: number): void {
  for (let index = 0; index < hex.length; index += 2) {
    target[position + index / 2] = (digit(hex, index) << 4) | digit(hex, index + 1);
  }
}

/** Bytes of lower-case hex. */
export function hexToBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  writeHex(hex, bytes, 0);
  return bytes;
}

function digit(hex: string, index: number): number {
  const unit = hex.charCodeAt(index);
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  if (unit >= 0x61 && unit <= 0x66) return unit - 0x57;
  throw new RangeError('not lower-case hex');
}
