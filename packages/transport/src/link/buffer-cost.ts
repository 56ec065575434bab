/**
 * What a datagram takes of the receiver's socket buffer on Linux: its bytes and the headroom rounded up to a power of
 * two, and the descriptor. Measured: 832 for 100 bytes, 2,304 for 1,200, 16,640 for 8,192 as for 16,000. Above that it is
 * more than what is charged, and on other systems an estimate.
 */
export function bufferCost(datagramBytes: number): number {
  const headroomBytes = 384;
  const descriptorBytes = 256;
  const leastBytes = 576;
  // The next power of two.
  const rounded = 1 << (32 - Math.clz32(datagramBytes + headroomBytes - 1));
  return descriptorBytes + Math.max(rounded, leastBytes);
}
