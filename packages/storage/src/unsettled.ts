import { limits, type Origin } from '@simpledht/wire';
import type { OriginCover } from './origin-cover.ts';

/** Numbers behind `to`, up to `until`, are awaited; since when, monotonic ms, 0 for what a former process left. */
export interface UnsettledSpan {
  readonly to: number;
  readonly until: number;
  readonly sinceMs: number;
}

/**
 * What this replica covers and may hold neither itself nor what overwrote it: a delta was cut between the two. That is over
 * when the rest has come. When it never comes, since who had it is gone for good, the maps of all peers have to be compared:
 * one of them may hold the record, as a tombstone that nobody would send any more.
 *
 * Bounded like the vector.
 */
export class Unsettled {
  readonly #spans = new Map<Origin, UnsettledSpan>();
  isChanged = false;

  constructor(spans: Iterable<readonly [Origin, UnsettledSpan]> = []) {
    for (const [origin, span] of spans) this.#spans.set(origin, span);
  }

  get size(): number {
    return this.#spans.size;
  }

  all(): ReadonlyMap<Origin, UnsettledSpan> {
    return this.#spans;
  }

  /** Since when the oldest one waits, monotonic ms; `undefined` when there is none. */
  get sinceMs(): number | undefined {
    let sinceMs: number | undefined;
    for (const span of this.#spans.values()) sinceMs = Math.min(sinceMs ?? Infinity, span.sinceMs);
    return sinceMs;
  }

  note(origin: Origin, to: number, more: number, nowMs: number): void {
    const former = this.#spans.get(origin);
    if (former === undefined && this.#spans.size >= limits.maxOrigins) return;
    this.#spans.set(origin, {
      to: Math.min(to, former?.to ?? Infinity),
      until: Math.max(to + more, former?.until ?? 0),
      sinceMs: former?.sinceMs ?? nowMs,
    });
    this.isChanged = true;
  }

  /** More of the origin is covered now. */
  settle(origin: Origin, cover: OriginCover | undefined): void {
    const span = this.#spans.get(origin);
    if (span === undefined || (cover?.runEnd(span.to) ?? 0) < span.until) return;
    this.#spans.delete(origin);
    this.isChanged = true;
  }

  /** All that waits since before then has been found at others, or is nowhere. */
  clear(beforeMs: number): void {
    for (const [origin, { sinceMs }] of this.#spans) {
      if (sinceMs > beforeMs) continue;
      this.#spans.delete(origin);
      this.isChanged = true;
    }
  }
}
