/** A key of 20 bytes. */
export function keyOf(prefix: string, index: number): string {
  return `${prefix}${String(index).padStart(20 - prefix.length, '0')}`;
}

/** The same as one flat string of its own: a concatenated one keeps its parts, and a used one its hash. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

export function flatKeyOf(prefix: string, index: number): string {
  return flat(keyOf(prefix, index));
}

/** A value of so many bytes, in memory of its own. */
export function valueOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(7);
}
