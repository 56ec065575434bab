import { limits, type Origin, type VectorEntry } from '@simpledht/wire';

/** The span of sequence numbers (from, to]. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Which sequence numbers of one origin are covered: all up to the watermark, and closed intervals beyond it.
 *
 * 1. Intervals ascend, are disjoint and not adjacent, and start above watermark + 1.
 * 2. Nothing covered is ever uncovered.
 * 3. There are at most `maxIntervals`; a span that would need one more is refused whole.
 */
export class OriginCover {
  watermark = 0;
  /** first, last, first, last, … : flat, because covers are read on hot paths. */
  readonly #ends: number[] = [];
  readonly #maxEnds: number;

  constructor(maxIntervals: number = limits.maxIntervals) {
    this.#maxEnds = maxIntervals * 2;
  }

  /** Of an entry that is in order, as those are that were decoded. */
  static of({ watermark, intervals }: VectorEntry, maxIntervals: number): OriginCover {
    const cover = new OriginCover(maxIntervals);
    cover.watermark = watermark;
    for (const [first, last] of intervals.slice(0, maxIntervals)) cover.#ends.push(first, last);
    return cover;
  }

  /** The highest number covered. */
  get top(): number {
    return this.#ends.at(-1) ?? this.watermark;
  }

  covers(seq: number): boolean {
    if (seq <= this.watermark) return true;
    const { length } = this.#ends;
    for (let index = 0; index < length; index += 2) {
      if (seq < this.#end(index)) return false;
      if (seq <= this.#end(index + 1)) return true;
    }
    return false;
  }

  /** Whether `cover` would take this span. */
  admits({ from, to }: Span): boolean {
    if (from <= this.watermark || to <= this.watermark || this.#ends.length < this.#maxEnds) return true;
    const [first, past] = this.#touching(from + 1, to);
    return past > first;
  }

  /** Covers (from, to]; the watermark moves only when `from` is at or below it. False when refused. */
  cover(span: Span): boolean {
    const { from, to } = span;
    if (to <= this.watermark) return true;
    if (from <= this.watermark) {
      this.watermark = to;
      this.#absorb();
      return true;
    }
    if (!this.admits(span)) return false;
    const [first, past] = this.#touching(from + 1, to);
    const lowest = past > first ? Math.min(from + 1, this.#end(first)) : from + 1;
    const highest = past > first ? Math.max(to, this.#end(past - 1)) : to;
    this.#ends.splice(first, past - first, lowest, highest);
    return true;
  }

  /** The first span above `after` that this covers and `other` does not. */
  firstLackedBy(other: OriginCover | undefined, after = 0): Span | undefined {
    const from = Math.max(after, other?.watermark ?? 0);
    for (const [first, last] of this.#spans()) {
      const span = last > from ? firstGap(other, Math.max(first, from + 1), last) : undefined;
      if (span !== undefined) return span;
    }
    return undefined;
  }

  intervals(): (readonly [number, number])[] {
    const pairs: (readonly [number, number])[] = [];
    for (let index = 0; index < this.#ends.length; index += 2) pairs.push([this.#end(index), this.#end(index + 1)]);
    return pairs;
  }

  entry(origin: Origin): VectorEntry {
    return { origin, watermark: this.watermark, intervals: this.intervals() };
  }

  /** The spans that both cover, ascending. */
  sharedWith(other: OriginCover): Span[] {
    const shared: Span[] = [];
    for (const [first, last] of this.#spans()) {
      for (const [from, to] of other.#spans()) {
        if (from <= last && to >= first) shared.push({ from: Math.max(first, from) - 1, to: Math.min(last, to) });
      }
    }
    return shared;
  }

  /** Where a covered number's run ends; `undefined` for one that is not covered. */
  runEnd(seq: number): number | undefined {
    if (seq <= this.watermark) return this.watermark;
    const index = this.#ends.findIndex((end, at) => at % 2 === 1 && seq <= end);
    return index > 0 && this.#end(index - 1) <= seq ? this.#end(index) : undefined;
  }

  /** The first covered number above `seq`, which is not covered itself. */
  nextRun(seq: number): number {
    return this.#ends.find((end) => end > seq) ?? Infinity;
  }

  #spans(): (readonly [number, number])[] {
    const beyond = this.#ends.length === 0 ? [] : this.intervals();
    return this.watermark === 0 ? beyond : [[1, this.watermark], ...beyond];
  }

  /** The run of ends [first, past) whose intervals overlap or adjoin [low, high]. */
  #touching(low: number, high: number): [number, number] {
    let first = 0;
    while (first < this.#ends.length && this.#end(first + 1) < low - 1) first += 2;
    let past = first;
    while (past < this.#ends.length && this.#end(past) <= high + 1) past += 2;
    return [first, past];
  }

  #absorb(): void {
    while (this.#ends.length > 0 && this.#end(0) <= this.watermark + 1) {
      this.watermark = Math.max(this.watermark, this.#end(1));
      this.#ends.splice(0, 2);
    }
  }

  #end(index: number): number {
    return this.#ends[index] ?? Infinity;
  }
}

/** The first part of [first, last] that `other` does not cover. */
function firstGap(other: OriginCover | undefined, first: number, last: number): Span | undefined {
  if (other === undefined) return { from: first - 1, to: last };
  let start = first;
  while (start <= last) {
    const end = other.runEnd(start);
    if (end === undefined) return { from: start - 1, to: Math.min(last, other.nextRun(start) - 1) };
    start = end + 1;
  }
  return undefined;
}
