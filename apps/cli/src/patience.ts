import type { Acks } from '@simpledht/node';

/** How long a put that names no `acks` waits for everyone, to tell whether all have it, ms. */
const politeWaitMs = 1000;

/** How a call that waits for other nodes divides its time-out. The two parts are the whole. */
export interface Patience {
  /** The node's, for the other nodes. */
  readonly waitMs: number;
  /** The caller's, for the way to the node and back. */
  readonly tripMs: number;
}

/** The node has to answer before the caller gives up, or a write that only lacks confirmation would look like silence. */
export function waitForAcks(timeoutMs: number, acks: Acks | undefined): Patience {
  const shorterMs = Math.min(politeWaitMs, timeoutMs / 2);
  if (acks === 'local') return { waitMs: timeoutMs, tripMs: timeoutMs };
  if (acks === undefined) return { waitMs: shorterMs, tripMs: timeoutMs - shorterMs };
  return { waitMs: timeoutMs - shorterMs, tripMs: shorterMs };
}
