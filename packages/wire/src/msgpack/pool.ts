/** Larger values have an array of their own. */
export const maxSharedBytes = 1_024;
const poolBytes = 8_192;

let pool = new Uint8Array(poolBytes);
let used = 0;

/**
 * `length` bytes, zeros, at most `maxSharedBytes`, in memory that other small values share and that is never used twice:
 * an ArrayBuffer for each costs a microsecond above 64 bytes, 20 times what packing does. Whoever keeps one for long
 * keeps up to 8 KiB, as with Node's own small Buffers; the stores here copy.
 */
export function packedBeside(length: number): Uint8Array {
  if (used + length > poolBytes) {
    pool = new Uint8Array(poolBytes);
    used = 0;
  }
  const start = used;
  used += length;
  return pool.subarray(start, used);
}
