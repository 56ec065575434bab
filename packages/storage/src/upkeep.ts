import type { Instant } from '@simpledht/wire';
import type { AntiEntropy } from './anti-entropy.ts';
import { clockAt } from './clock.ts';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';
import type { Stability } from './stability.ts';

/** Records swept or tombstones purged in one turn, so that a turn stays short. */
const batchSize = 2_048;
/** Tombstones that are passed over at the most to find such as may be purged. */
const maxHeld = 65_536;
/** Pause between two such turns while there is more, ms. */
const breatherMs = 10;
/** Pause after the store did not take a sweep, ms. */
const refusedPauseMs = 1_000;
/** Least time between two sweeps, ms: expiry is told in ms and kept to about this. */
const sweepIntervalMs = 20;

/**
 * Turns records whose time is over into tombstones and purges tombstones that nobody needs any more.
 *
 * 1. An expired record is not dropped but becomes its own tombstone, or a copy that is on its way would bring it back.
 * 2. A tombstone is purged when it is below the frontier (see Stability) and every counted member covers its dot; that of
 *    an expired record also waits until every member's clock has passed the expiry.
 * 3. While there are tombstones, the member that has been silent longest is asked for its vector, one at a time.
 */
export class Upkeep {
  readonly #context: ReplicaContext;
  readonly #stability: Stability;
  readonly #antiEntropy: AntiEntropy;
  #nextSweepMs: number | undefined;
  #sweptAtMs = -Infinity;
  /** Tombstones below the frontier that could not be purged at the last look: the next one goes past them. */
  #held = 0;
  #nextPurgeMs: number | undefined;

  constructor(context: ReplicaContext, stability: Stability, antiEntropy: AntiEntropy) {
    this.#context = context;
    this.#stability = stability;
    this.#antiEntropy = antiEntropy;
  }

  deadline(): number | undefined {
    if (this.#nextSweepMs === undefined) return this.#nextPurgeMs;
    return Math.min(this.#nextSweepMs, this.#nextPurgeMs ?? Infinity);
  }

  tick(now: Instant, isReady: boolean): void {
    if (this.#nextSweepMs !== undefined && this.#nextSweepMs <= now.monotonicMs) this.#sweep(now);
    if (this.#nextPurgeMs !== undefined && this.#nextPurgeMs <= now.monotonicMs) this.#purge(now, isReady);
  }

  /** Ends a turn: what was written may expire earlier than anything before, or be the first tombstone. */
  schedule(now: Instant): void {
    const { store, content } = this.#context.local;
    if (content.tombstones > 0) this.#nextPurgeMs ??= now.monotonicMs + this.#context.settings.purgeIntervalMs;
    else this.#nextPurgeMs = undefined;
    const [first] = store.expiring(Infinity, 1);
    if (first === undefined) this.#nextSweepMs = undefined;
    else {
      const dueMs = now.monotonicMs + first.expiresAt - now.wallMs;
      this.#nextSweepMs = Math.max(this.#sweptAtMs + sweepIntervalMs, dueMs);
    }
  }

  #sweep(now: Instant): void {
    const { local } = this.#context;
    // A store that refuses is not asked again at once.
    this.#sweptAtMs = now.monotonicMs + refusedPauseMs;
    local.expire(local.store.expiring(now.wallMs, batchSize));
    this.#sweptAtMs = now.monotonicMs;
  }

  #purge(now: Instant, isReady: boolean): void {
    const { purgeIntervalMs } = this.#context.settings;
    this.#nextPurgeMs = now.monotonicMs + purgeIntervalMs;
    if (!isReady) return;
    const members = this.#stability.members(now);
    const frontier = this.#stability.frontier(members, now);
    const isFull = frontier > 0 && this.#purgeBelow(Math.min(frontier, this.#unreachable(now)), members);
    if (isFull) this.#nextPurgeMs = now.monotonicMs + breatherMs;
    else this.#askStalest(members, now);
  }

  /**
   * No newcomer writes below this, however slow its clock. A tombstone that is younger has to be there when such a write
   * comes: nobody would know that it lost.
   */
  #unreachable({ wallMs }: Instant): number {
    return clockAt(wallMs - this.#context.settings.tombstoneQuietMs);
  }

  /** True when there was more than fits a turn. */
  #purgeBelow(frontier: number, members: readonly Peer[]): boolean {
    const { local, settings } = this.#context;
    const limit = batchSize + Math.min(this.#held, maxHeld);
    const old = local.store.tombstones(frontier, limit);
    const purgeable = old.filter(({ origin, seq, expiresAt }) => {
      // A hybrid clock may be ahead of its wall clock by so much.
      const passed = expiresAt === 0 || clockAt(expiresAt + settings.maxClockAheadMs) < frontier;
      return passed && this.#stability.coveredDot(members, origin, seq);
    });
    const purged = purgeable.slice(0, batchSize);
    this.#held = old.length - purgeable.length;
    local.purge(purged);
    return purged.length > 0 && old.length === limit;
  }

  #askStalest(members: readonly Peer[], now: Instant): void {
    if (members.some(({ up }) => !up)) return;
    let stalest: Peer | undefined;
    for (const peer of members) {
      if (peer.retryAtMs === undefined && peer.learntAtMs < (stalest?.learntAtMs ?? Infinity)) stalest = peer;
    }
    const latest = now.monotonicMs - this.#context.settings.digestIntervalMs;
    if (stalest !== undefined && stalest.learntAtMs <= latest) this.#antiEntropy.ask(stalest, false, now);
  }
}
