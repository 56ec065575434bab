import { limits, type Origin, type StoredRecord, type VectorEntry } from '@simpledht/wire';
import type { Outbox } from './effects.ts';
import type { LocalMap } from './local-map.ts';
import type { KeyBounds } from './store.ts';
import { VersionVector } from './version-vector.ts';

/** Records of one origin read at a time. */
const readAhead = 256;

/** Of the map, as much as is looked at here. */
type Readable = Pick<LocalMap, 'store' | 'vector' | 'floors' | 'joined'>;

/**
 * What changed since a reader last looked, for watchers.
 *
 * 1. A vector that `now` or a mark told covers only what the store held then: whoever has seen all of that misses nothing
 *    that `since` does not give.
 * 2. A mark is pushed behind every change that was made before it, and its vector covers no change that comes after it.
 * 3. An expired record becomes a tombstone in its place, under its own dot: whoever has seen the write is not told of that
 *    again, and has to drop by itself what is past its expiry.
 * 4. While pages of a first join come in the vector does not speak for the records, so nothing is said to be covered.
 */
export class History {
  /** Every turn that touched records ends with a mark. */
  isFollowed = false;
  readonly #local: Readable;
  readonly #outbox: Outbox;
  #asked = 0;
  #told = 0;

  constructor(local: Readable, outbox: Outbox) {
    this.#local = local;
    this.#outbox = outbox;
  }

  /** What is covered at this moment. Retired origins are told as far as floors speak of them. */
  now(): readonly VectorEntry[] {
    const { joined, vector, floors } = this.#local;
    if (!joined) return [];
    const entries = vector.entries();
    if (vector.retired.size === 0) return entries;
    for (const { origin } of floors.all()) {
      const watermark = vector.get(origin) === undefined ? vector.retired.get(origin) : undefined;
      if (watermark !== undefined) entries.push({ origin, watermark, intervals: [] });
    }
    return entries.slice(0, limits.maxOrigins);
  }

  /** Asks for a mark at the end of this turn, behind all changes made so far. Returns its number. */
  mark(): number {
    return ++this.#asked;
  }

  /** The last step of a turn. */
  endTurn(isTouched: boolean): void {
    if (this.#told === this.#asked && !(this.isFollowed && isTouched)) return;
    this.#told = this.#asked;
    this.#outbox.push({ type: 'mark', number: this.#told, vector: this.now() });
  }

  /** What somebody lacks who has seen all that these entries cover. */
  since(entries: readonly VectorEntry[]): Since {
    return new Since(VersionVector.from(entries), this.#local);
  }

  /** The record of a key, tombstones and expired ones included. */
  get(key: string): StoredRecord | undefined {
    return this.#local.store.get(key);
  }

  /** Records in key order, tombstones included; lazy, and writes meanwhile are allowed. */
  range(bounds: KeyBounds): Iterable<StoredRecord> {
    return this.#local.store.range(bounds);
  }
}

/** Origins of records of which nothing is covered. A reader that asks what changed must find them all the same. */
export function unknownOrigins(vector: VersionVector, records: readonly StoredRecord[]): ReadonlySet<Origin> {
  const unknown = new Set<Origin>();
  let last: Origin | '' = '';
  for (const { origin } of records) {
    if (origin !== last && vector.coverOf(origin) === undefined) unknown.add(origin);
    last = origin;
  }
  return unknown;
}

/** What one reader has seen, against what this replica holds. */
export class Since {
  readonly #seen: VersionVector;
  readonly #local: Readable;

  constructor(seen: VersionVector, local: Readable) {
    this.#seen = seen;
    this.#local = local;
  }

  /** A tombstone that the reader has not seen was purged: what it deleted cannot be told any more. */
  isTooOld(): boolean {
    return this.#local.floors.isMissedBy(this.#seen, this.#local.vector);
  }

  /** The reader has not seen this write. */
  lacks({ origin, seq }: StoredRecord): boolean {
    return !this.#seen.covers(origin, seq);
  }

  /**
   * All records that the reader lacks, the oldest write first; `undefined` when there are more than `limit`, or when
   * only reading the whole map would tell. Costs what changed, not what is held.
   */
  few(limit: number): readonly StoredRecord[] | undefined {
    const { joined, vector } = this.#local;
    if (!joined) return undefined;
    const found: StoredRecord[] = [];
    for (const origin of vector.origins()) {
      if (!this.#collect(found, origin, limit)) return undefined;
    }
    return found.sort((a, b) => a.hlc - b.hlc);
  }

  /** False when there is too much. Numbers beyond the watermark may be seen: those are passed over. */
  #collect(found: StoredRecord[], origin: Origin, limit: number): boolean {
    let after = this.#seen.watermark(origin);
    for (;;) {
      const records = this.#local.store.since(origin, after, readAhead);
      for (const record of records) if (this.lacks(record)) found.push(record);
      if (found.length > limit) return false;
      const last = records.at(-1);
      if (last === undefined || records.length < readAhead) return true;
      after = last.seq;
    }
  }
}
