import type { Origin } from '@simpledht/wire';
import { HybridClock } from './clock.ts';
import { ContentSum } from './content-sum.ts';
import { Floors } from './floors.ts';
import {
  floorsEntry,
  loadFloors,
  loadRetired,
  loadState,
  loadUnsettled,
  loadVector,
  retiredEntry,
  stateEntry,
  unsettledEntry,
  vectorEntries,
  type MetaEntry,
  type ReplicaState,
} from './metadata.ts';
import { OriginCover } from './origin-cover.ts';
import type { Store } from './store.ts';
import { Unsettled } from './unsettled.ts';
import { replicaBounds, VersionVector } from './version-vector.ts';

export interface MapStateOptions {
  readonly store: Store;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly maxClockAheadMs: number;
}

/**
 * What describes a replica's records: clock, vector, floors, sums, origin. Loaded from the store when the replica opens;
 * what changed since the last turn is put into the store with the turn's records.
 *
 * 1. Nothing is written under an origin of the store's past, whoever wrote there: a torn tail, a copy or a restored backup
 *    cannot make a number mean two writes.
 * 2. A store whose description is missing, broken or of another store covers nothing: its numbers are not used again.
 */
export class MapState {
  readonly clock: HybridClock;
  readonly content: ContentSum;
  readonly vector: VersionVector;
  readonly floors: Floors;
  readonly unsettled: Unsettled;
  /** The vector speaks for the records: the first pages are complete. */
  joined: boolean;
  /** The origin of local writes; '' before this process's first: an origin belongs to one life of a node. */
  origin: Origin | '' = '';
  /** Cover of the own origin, kept at hand: every put moves it. */
  own: OriginCover = new OriginCover();
  /** Origins whose part of the vector has to be saved; emptied every turn. */
  readonly #changed = new Set<Origin>();
  #savedOrigins: number;
  #savedCeiling: number;
  #isChanged = false;
  #areFloorsChanged = false;
  #areRetiredChanged = false;

  constructor({ store, randomBytes, maxClockAheadMs }: MapStateOptions) {
    const state = loadState(store);
    // An empty store covers nothing when its state tells of records: they were wiped.
    const vector = state === undefined || isWiped(state, store) ? undefined : loadVector(store);
    const floors = loadFloors(store);
    const isKept = state !== undefined && vector !== undefined && floors !== undefined;
    this.clock = new HybridClock(state?.ceiling ?? 0, maxClockAheadMs, state === undefined ? 0 : leap(randomBytes));
    this.content = isKept && isCounted(state, store) ? new ContentSum(state.content) : summed(store);
    this.vector = isKept ? vector : new VersionVector(replicaBounds);
    if (isKept) for (const entry of loadRetired(store)) this.vector.retireTo(entry.origin, entry.watermark);
    this.floors = isKept ? floors : new Floors();
    this.unsettled = isKept ? loadUnsettled(store) : new Unsettled();
    // Who covers nothing reads pages: others take it for one that joins.
    this.joined = isKept && state.joined && vector.size > 0;
    this.#savedOrigins = isKept ? this.vector.size : -1;
    this.#savedCeiling = this.clock.ceiling;
    // What was not believed must not be read again.
    this.#areFloorsChanged = !isKept && state !== undefined;
    this.#areRetiredChanged = this.#areFloorsChanged;
  }

  /** The part of the vector that speaks of this origin has changed. */
  originChanged(origin: Origin): void {
    this.#changed.add(origin);
  }

  changed(): void {
    this.#isChanged = true;
  }

  floorsChanged(): void {
    this.#areFloorsChanged = true;
    this.#isChanged = true;
  }

  /** An origin was retired, here or elsewhere: it is no longer listed. */
  retiredChanged(): void {
    this.#areRetiredChanged = true;
    this.#savedOrigins = -1;
    this.#isChanged = true;
  }

  /** What has to be saved together with the records that it describes; empty when nothing changed. */
  unsaved(): MetaEntry[] {
    const isStale = this.#isChanged || this.unsettled.isChanged || this.clock.ceiling !== this.#savedCeiling;
    if (this.#changed.size === 0 && !isStale) return [];
    const isResized = this.vector.size !== this.#savedOrigins;
    const { joined, clock, content } = this;
    const state = stateEntry({ joined, ceiling: clock.ceiling, content });
    const entries = [state, ...vectorEntries(this.vector, this.#changed, isResized)];
    if (this.#areFloorsChanged) entries.push(floorsEntry(this.floors));
    if (this.unsettled.isChanged) entries.push(unsettledEntry(this.unsettled));
    if (this.#areRetiredChanged) entries.push(retiredEntry(this.vector.retired));
    return entries;
  }

  /** The store has taken what `unsaved` told. */
  saved(): void {
    this.#changed.clear();
    this.#isChanged = false;
    this.#areFloorsChanged = false;
    this.#areRetiredChanged = false;
    this.unsettled.isChanged = false;
    this.#savedOrigins = this.vector.size;
    this.#savedCeiling = this.clock.ceiling;
  }
}

function isWiped({ content }: ReplicaState, store: Store): boolean {
  return store.size === 0 && content.live + content.tombstones > 0;
}

/** The store holds as many records as it did when the state was saved; damage shows like that. */
function isCounted({ content }: ReplicaState, store: Store): boolean {
  return content.live + content.tombstones === store.size;
}

/** Sums all records anew. */
function summed(store: Store): ContentSum {
  const content = new ContentSum();
  if (store.size > 0) for (const record of store.range()) content.replace(undefined, record);
  return content;
}

/** Of a restored clock, versions: up to 16 ms, so that restarts do not add up. */
function leap(randomBytes: (count: number) => Uint8Array): number {
  const [high = 0, low = 0] = randomBytes(2);
  return high * 256 + low;
}
