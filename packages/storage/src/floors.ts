import type { Floor, Origin, StoredRecord } from '@simpledht/wire';
import type { VersionVector } from './version-vector.ts';

/**
 * Per origin the highest number and the highest version of the tombstones of it that were purged. Whoever covers less of
 * an origin may have missed a tombstone that nobody can send any more. Bounded like the vector.
 */
export class Floors {
  readonly #floors = new Map<Origin, Floor>();

  constructor(floors: Iterable<Floor> = []) {
    for (const floor of floors) this.raise(floor);
  }

  get size(): number {
    return this.#floors.size;
  }

  get(origin: Origin): Floor | undefined {
    return this.#floors.get(origin);
  }

  /** The highest version of all tombstones that were purged. */
  get highestHlc(): number {
    let highest = 0;
    for (const { hlc } of this.#floors.values()) highest = Math.max(highest, hlc);
    return highest;
  }

  all(): readonly Floor[] {
    return [...this.#floors.values()];
  }

  /** Takes the larger of each part. True when that changed something. */
  raise({ origin, seq, hlc }: Floor): boolean {
    const held = this.#floors.get(origin);
    if (held !== undefined && held.seq >= seq && held.hlc >= hlc) return false;
    this.#floors.set(origin, { origin, seq: Math.max(seq, held?.seq ?? 0), hlc: Math.max(hlc, held?.hlc ?? 0) });
    return true;
  }

  drop(origin: Origin): void {
    this.#floors.delete(origin);
  }

  /**
   * Whether who covers `vector` may have missed a tombstone that was purged here. `reference` is what was covered where
   * the floors come from: numbers that are covered nowhere (their owner died with them) are missed by nobody.
   */
  isMissedBy(vector: VersionVector, reference: VersionVector): boolean {
    for (const floor of this.#floors.values()) if (isMissed(floor, vector, reference)) return true;
    return false;
  }

  /** The same for the tombstones of one origin. */
  isOriginMissedBy(origin: Origin, vector: VersionVector, reference: VersionVector): boolean {
    const floor = this.#floors.get(origin);
    return floor !== undefined && isMissed(floor, vector, reference);
  }

  /** Whether a tombstone that `vector` may have missed could have deleted this record. */
  mayHaveDeleted(record: StoredRecord, vector: VersionVector, reference: VersionVector): boolean {
    for (const floor of this.#floors.values()) {
      if (record.hlc < floor.hlc && isMissed(floor, vector, reference)) return true;
    }
    return false;
  }
}

function isMissed({ origin, seq }: Floor, vector: VersionVector, reference: VersionVector): boolean {
  if (vector.watermark(origin) >= seq) return false;
  if (!vector.covers(origin, seq)) return true;
  const lacked = reference.coverOf(origin)?.firstLackedBy(vector.coverOf(origin));
  return lacked !== undefined && lacked.from < seq;
}
