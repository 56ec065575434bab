import type { DeltaRange, Origin, StoredRecord } from '@simpledht/wire';

/** A range and the furthest end of it and all that begin before it. */
interface Reach {
  readonly from: number;
  readonly to: number;
}

/** Tells whether a record is in one of a delta's ranges: a stranger's delta may hold 65,536 records and 4,096 ranges. */
export class RangeIndex {
  readonly #origins = new Map<Origin, Reach[]>();

  constructor(ranges: readonly DeltaRange[]) {
    for (const { origin, from, to } of ranges) {
      const reaches = this.#origins.get(origin);
      if (reaches === undefined) this.#origins.set(origin, [{ from, to }]);
      else reaches.push({ from, to });
    }
    for (const [origin, reaches] of this.#origins) if (reaches.length > 1) this.#origins.set(origin, ordered(reaches));
  }

  has({ origin, seq }: StoredRecord): boolean {
    const reaches = this.#origins.get(origin);
    if (reaches === undefined) return false;
    let low = 0;
    let high = reaches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((reaches[middle]?.from ?? Infinity) < seq) low = middle + 1;
      else high = middle;
    }
    // Of all that begin below it one reaches it.
    return (reaches[low - 1]?.to ?? -1) >= seq;
  }
}

function ordered(reaches: Reach[]): Reach[] {
  let furthest = 0;
  return reaches
    .sort((a, b) => a.from - b.from)
    .map(({ from, to }) => {
      furthest = Math.max(furthest, to);
      return { from, to: furthest };
    });
}
