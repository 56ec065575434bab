/** A key of 20 bytes. */
export function keyOf(prefix: string, index: number): string {
  return `${prefix}${String(index).padStart(20 - prefix.length, '0')}`;
}

/** The same as one flat string: concatenated ones keep their parts, which is nothing that a map should be charged for. */
export function flatKeyOf(prefix: string, index: number): string {
  return Buffer.from(keyOf(prefix, index), 'latin1').toString('latin1');
}

/** A value of so many bytes, in memory of its own. */
export function valueOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(7);
}
