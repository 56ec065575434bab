import { limits, type Origin, type VectorEntry } from '@simpledht/wire';
import { OriginCover, type Span } from './origin-cover.ts';

/** How large a vector may grow; what is beyond is refused. */
export interface VectorBounds {
  readonly maxOrigins: number;
  readonly maxIntervals: number;
}

/** Places in a replica's own vector that no foreign origin takes: without one a node could not write any more. */
const ownPlaces = 64;

/** So many more are let grow before the oldest are forgotten. */
const retiredSlack = 1_024;
/** Retired origins that every digest names: 27 bytes each. */
const latelyRetired = 32;

/** Of what a replica covers itself. */
export const replicaBounds: VectorBounds = {
  maxOrigins: limits.maxOrigins - ownPlaces,
  maxIntervals: limits.maxIntervals,
};

/**
 * What a replica covers, per origin (version vector with exceptions, as in concise version vectors of WinFS, Malkhi and
 * Terry 2005). A covered dot is held, or was overwritten by a write whose own dot is covered or still to come.
 */
export class VersionVector {
  /** Bounded by `bounds.maxOrigins`; a new origin beyond that is refused, and so are its records. */
  readonly #covers = new Map<Origin, OriginCover>();
  /**
   * Origins whose cover was given up, with the last number: still covered up to there, and no part of what is told to
   * peers. Bounded by `limits.maxRetiredOrigins`, the oldest go first. Of a replica's own vector only.
   */
  readonly retired: Map<Origin, number>;
  /** The latest of them: told to everyone for a while, whatever they list. */
  readonly #lately: Origin[] = [];
  readonly #bounds: VectorBounds;

  constructor(bounds: VectorBounds = limits, retired: Map<Origin, number> = new Map<Origin, number>()) {
    this.#bounds = bounds;
    this.retired = retired;
  }

  /** Takes entries from anywhere: what is out of order is put in order, what is over the bounds is left out. */
  static from(
    entries: readonly VectorEntry[],
    bounds: VectorBounds = limits,
    retired?: Map<Origin, number>,
  ): VersionVector {
    const vector = new VersionVector(bounds, retired);
    for (const entry of entries) vector.#take(entry);
    return vector;
  }

  /** The usual entry, of a new origin and in order, is taken as it is: a search for each interval costs a turn. */
  #take(entry: VectorEntry): void {
    const isNew = !this.#covers.has(entry.origin) && this.#covers.size < this.#bounds.maxOrigins;
    if (isNew && isInOrder(entry)) this.#covers.set(entry.origin, OriginCover.of(entry, this.#bounds.maxIntervals));
    else this.coverEntry(entry);
  }

  get size(): number {
    return this.#covers.size;
  }

  get(origin: Origin): OriginCover | undefined {
    return this.#covers.get(origin);
  }

  /** What is covered of an origin, retired or not. */
  coverOf(origin: Origin): OriginCover | undefined {
    const cover = this.#covers.get(origin);
    const last = cover === undefined ? this.retired.get(origin) : undefined;
    if (last === undefined) return cover;
    const whole = new OriginCover(this.#bounds.maxIntervals);
    whole.watermark = last;
    return whole;
  }

  /** Gives an origin up: what it covers is remembered as one number. */
  retire(origin: Origin): void {
    this.retireTo(origin, this.watermark(origin));
    this.#covers.delete(origin);
  }

  /** Takes over that an origin was retired elsewhere. */
  retireTo(origin: Origin, last: number): void {
    if (!this.retired.has(origin)) this.#lately.push(origin);
    if (this.#lately.length > latelyRetired) this.#lately.shift();
    this.retired.set(origin, Math.max(last, this.retired.get(origin) ?? 0));
    // In steps: to find the first entry of a large map costs more than to delete it.
    if (this.retired.size <= limits.maxRetiredOrigins + retiredSlack) return;
    for (const oldest of this.retired.keys()) {
      if (this.retired.size <= limits.maxRetiredOrigins) break;
      this.retired.delete(oldest);
    }
  }

  origins(): IterableIterator<Origin> {
    return this.#covers.keys();
  }

  /** The cover of an origin, made when there is none; `undefined` when there is no room for it. */
  open(origin: Origin): OriginCover | undefined {
    let cover = this.#covers.get(origin);
    if (cover === undefined && this.#covers.size < this.#bounds.maxOrigins) {
      // Somebody who was away brings more of a retired one.
      cover = this.coverOf(origin) ?? new OriginCover(this.#bounds.maxIntervals);
      this.#covers.set(origin, cover);
      this.retired.delete(origin);
    }
    return cover;
  }

  /** Whether `openOwn` has room for another origin. */
  get hasPlace(): boolean {
    return this.#covers.size < limits.maxOrigins;
  }

  /** Like `open`, and may take the places that are kept for own origins. */
  openOwn(origin: Origin): OriginCover | undefined {
    const cover = this.#covers.get(origin);
    if (cover === undefined && this.hasPlace) this.#covers.set(origin, new OriginCover(this.#bounds.maxIntervals));
    return this.#covers.get(origin);
  }

  /** Uncovers all of an origin above a number. */
  reset(origin: Origin, watermark: number): void {
    const cover = new OriginCover(this.#bounds.maxIntervals);
    cover.watermark = watermark;
    this.#covers.set(origin, cover);
  }

  /** Of the retired origins those that `listed` still lists, and the latest, with the last number. */
  retiredFor(listed: VersionVector): VectorEntry[] {
    if (this.retired.size === 0) return [];
    const entries: VectorEntry[] = [];
    for (const origin of new Set([...listed.#covers.keys(), ...this.#lately])) {
      const watermark = this.retired.get(origin);
      if (watermark !== undefined) entries.push({ origin, watermark, intervals: [] });
    }
    return entries;
  }

  takeRetired(other: VersionVector): void {
    for (const [origin, last] of other.retired) this.retireTo(origin, last);
  }

  watermark(origin: Origin): number {
    return this.#covers.get(origin)?.watermark ?? this.retired.get(origin) ?? 0;
  }

  covers(origin: Origin, seq: number): boolean {
    return this.#covers.get(origin)?.covers(seq) ?? seq <= (this.retired.get(origin) ?? 0);
  }

  admits(origin: Origin, span: Span): boolean {
    const cover = this.#covers.get(origin);
    if (cover !== undefined) return cover.admits(span);
    return span.to <= this.watermark(origin) || this.#covers.size < this.#bounds.maxOrigins;
  }

  /** Covers (from, to] of an origin. False when a bound refuses it. */
  cover(origin: Origin, span: Span): boolean {
    if (span.to <= 0 || (this.retired.size > 0 && span.to <= (this.retired.get(origin) ?? 0))) return true;
    return this.open(origin)?.cover(span) ?? false;
  }

  coverEntry({ origin, watermark, intervals }: VectorEntry): void {
    this.cover(origin, { from: 0, to: watermark });
    for (const [first, last] of intervals) this.cover(origin, { from: first - 1, to: last });
  }

  coverAll(other: VersionVector): void {
    for (const entry of other.entries()) this.coverEntry(entry);
  }

  entry(origin: Origin): VectorEntry {
    return this.#covers.get(origin)?.entry(origin) ?? { origin, watermark: this.watermark(origin), intervals: [] };
  }

  entries(): VectorEntry[] {
    const entries: VectorEntry[] = [];
    for (const [origin, cover] of this.#covers) if (cover.top > 0) entries.push(cover.entry(origin));
    return entries;
  }

  /** Covers all that `other` covers. */
  includes(other: VersionVector): boolean {
    for (const [origin, cover] of other.#covers) {
      if (cover.firstLackedBy(this.coverOf(origin)) !== undefined) return false;
    }
    return true;
  }

  equals(other: VersionVector): boolean {
    return this.includes(other) && other.includes(this);
  }

  /** What both cover. What a joining replica may claim after its pages. */
  minimum(other: VersionVector): VersionVector {
    const shared = new VersionVector(this.#bounds);
    for (const [origin, cover] of this.#covers) {
      const theirs = other.coverOf(origin);
      if (theirs === undefined) continue;
      for (const span of cover.sharedWith(theirs)) shared.cover(origin, span);
    }
    return shared;
  }
}

function isInOrder({ watermark, intervals }: VectorEntry): boolean {
  let end = watermark;
  return intervals.every(([first, last]) => {
    const isBeyond = first > end + 1 && last >= first;
    end = last;
    return isBeyond;
  });
}
