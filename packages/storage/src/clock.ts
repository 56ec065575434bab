import { limits, SimpleDHTError } from '@simpledht/wire';

/**
 * How far ahead of what was issued the persisted ceiling is set, ms: one metadata write covers that much time. A restart
 * begins there, so it is little, and less when the clock is ahead of time already: quick restarts must not add up.
 */
const ceilingAheadMs = 1_000;
const ceilingFurtherAheadMs = 100;

/** The hybrid logical clock of a wall clock moment with counter 0. */
export function clockAt(wallMs: number): number {
  return Math.max(0, Math.floor(wallMs) - limits.clockEpochMs) * limits.clockCounters;
}

/** The wall clock moment inside a hybrid logical clock, ms since 1970. */
export function wallOf(hlc: number): number {
  return limits.clockEpochMs + Math.floor(hlc / limits.clockCounters);
}

/**
 * Hybrid logical clock (Kulkarni et al. 2014) in one safe integer, so that versions order by causality and read as time.
 *
 * 1. `next` is above the version that it replaces and (the jump of 2 excepted) above everything that it gave before.
 * 2. A clock more than `maxAheadMs` beyond now never moves this one: one wrong clock must not drag a cluster into the
 *    future. The write that has to beat such a record is placed above it, for that key alone.
 * 3. Nothing above `ceiling` is issued or reported, and the ceiling is saved before anything leaves: a clock restored
 *    at its ceiling repeats nothing (the jump of 2 excepted, which the record itself remembers).
 * 4. A restored clock begins a random `leap` above its ceiling: two lives that begin on the same old copy while the wall
 *    clock is behind would both give the versions right above its ceiling, and a version is to name one write.
 */
export class HybridClock {
  #last: number;
  #ceiling: number;
  readonly #maxAhead: number;

  constructor(restored: number, maxAheadMs: number, leap = 0) {
    this.#last = restored + leap;
    this.#ceiling = restored;
    this.#maxAhead = maxAheadMs * limits.clockCounters;
  }

  /** The time of the last version, seconds since 2020. */
  get seconds(): number {
    return Math.floor(this.#last / (limits.clockCounters * 1_000));
  }

  /** What has to be saved before this turn's effects leave. */
  get ceiling(): number {
    return this.#ceiling;
  }

  /** The version of a write that replaces a record of version `existing` (0 for none). */
  next(wallMs: number, existing: number): number {
    const now = clockAt(wallMs);
    const own = Math.max(this.#last + 1, now);
    if (existing < own) return this.#adopt(own, now);
    if (existing >= limits.maxClock) {
      throw new SimpleDHTError(
        'ERR_LIMIT_REACHED',
        'The record holds the largest version there is and cannot be replaced',
      );
    }
    const above = existing + 1;
    this.#adopt(above <= now + this.#maxAhead ? above : own, now);
    return above;
  }

  /** Learns a version seen elsewhere. False when it is too far ahead and was not adopted. */
  observe(hlc: number, wallMs: number): boolean {
    if (hlc <= this.#last) return true;
    const now = clockAt(wallMs);
    if (hlc > now + this.#maxAhead) return false;
    this.#adopt(hlc, now);
    return true;
  }

  /** A version that no later write of this node will be at or below. */
  report(wallMs: number): number {
    const now = clockAt(wallMs);
    return this.#adopt(Math.max(this.#last, now), now);
  }

  #adopt(hlc: number, now: number): number {
    this.#last = hlc;
    if (hlc <= this.#ceiling) return hlc;
    const aheadMs = hlc >= now + limits.clockCounters ? ceilingFurtherAheadMs : ceilingAheadMs;
    this.#ceiling = Math.min(limits.maxClock - 1, hlc + aheadMs * limits.clockCounters);
    return hlc;
  }
}
