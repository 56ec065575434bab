/** How far two clocks that are kept by NTP drift apart in a ms, ms: it slews each by 500 ppm at the most (RFC 5905 §11.3). */
const driftPerMs = 0.001;
/** Clocks are read in whole ms, ms. */
const resolutionMs = 1;

/** Between which values a member's wall clock minus this node's lies, as of a monotonic instant, ms. */
export interface ClockBounds {
  readonly low: number;
  readonly high: number;
  readonly atMs: number;
}

/** What an answer tells: its sender read its clock at some instant of the round trip. */
export function boundsOf(peerNowMs: number, rttMs: number, now: { wallMs: number; monotonicMs: number }): ClockBounds {
  const high = peerNowMs - (now.wallMs - rttMs);
  return { low: high - rttMs - resolutionMs, high: high + resolutionMs, atMs: now.monotonicMs };
}

/**
 * What both say together, as in Cristian's probabilistic clock synchronization (1989): a slow answer makes nothing less
 * certain, and where they contradict each other a clock was set in between, so the later one counts.
 */
export function narrowed(held: ClockBounds | undefined, sample: ClockBounds): ClockBounds {
  if (held === undefined) return sample;
  const driftMs = (sample.atMs - held.atMs) * driftPerMs;
  const low = Math.max(held.low - driftMs, sample.low);
  const high = Math.min(held.high + driftMs, sample.high);
  return low <= high ? { low, high, atMs: sample.atMs } : sample;
}
