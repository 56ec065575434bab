import { bytesToHex, type NodeId, type Origin } from '@simpledht/wire';

const epochAt = 32;

/**
 * A new origin: node id and an epoch of 64 bits, which is the time of its making in seconds since 2020 and 32 random
 * bits, so that of two origins the later one is known (see compareOrigins) and two lives of a store never share one.
 */
export function newOriginOf(id: NodeId, seconds: number, random: Uint8Array): Origin {
  return (id + (seconds >>> 0).toString(16).padStart(8, '0') + bytesToHex(random)) as Origin;
}

/** When an origin was made, seconds since 2020. */
export function secondsOf(origin: Origin): number {
  return Number.parseInt(origin.slice(epochAt, epochAt + 8), 16);
}

/** By epoch, which begins with the time of the origin's making, then by node. */
export function compareOrigins(a: Origin, b: Origin): number {
  const [epochA, epochB] = [a.slice(epochAt), b.slice(epochAt)];
  if (epochA !== epochB) return epochA < epochB ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
