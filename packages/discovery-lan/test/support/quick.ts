import type { LanSettings } from '../../src/index.ts';

/** For tests over real sockets, where nobody waits for the usual pauses. */
export const quick: Partial<LanSettings> = {
  maxDelayMs: 5,
  queryMs: 20,
  maxQueryMs: 50,
  answerGapMs: 10,
  reofferMs: 10,
  packetsPerSource: 100_000,
  packetsOfAll: 100_000,
  offersPerSecond: 1000,
};
