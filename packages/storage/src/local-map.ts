import { type Floor, type NodeId, type Origin, type StoredRecord } from '@simpledht/wire';
import { BatchSpans } from './batch-spans.ts';
import type { HybridClock } from './clock.ts';
import type { ContentSum } from './content-sum.ts';
import type { ChangeCause, Outbox, ReplicaCounters } from './effects.ts';
import type { Floors } from './floors.ts';
import { unknownOrigins } from './history.ts';
import { MapState } from './map-state.ts';
import { floorsEntry } from './metadata.ts';
import { mustHaveRoom } from './room.ts';
import { Overtaken } from './overtaken.ts';
import { OriginKeeper } from './origin-keeper.ts';
import { compareRecords, compareWrites, expiredOf, recordBytes } from './record-order.ts';
import type { Store } from './store.ts';
import type { Unsettled } from './unsettled.ts';
import type { VersionVector } from './version-vector.ts';

/** A local write: a checked stored key, and a value as encoded bytes or `null` to delete. */
export interface Write {
  readonly key: string;
  readonly value: Uint8Array | null;
  /** Absolute expiry, ms since 1970, or 0 for none. */
  readonly expiresAt: number;
}

export interface LocalMapOptions {
  readonly id: NodeId;
  readonly store: Store;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly maxClockAheadMs: number;
  readonly maxKeys: number;
  readonly maxStoreBytes: number;
  readonly outbox: Outbox;
  readonly counters: ReplicaCounters;
}

/**
 * One replica's records with what describes them: clock, vector, floors, sums. Knows nothing of peers.
 *
 * 1. The store changes first and memory after it, so that a store that throws leaves both as they were.
 * 2. The watermark of the own origin is the number of the last local write: own numbers have no gaps. No process writes
 *    under the origin of another, not even of its own past: a store that lost its tail must not use a number again.
 * 3. Sums equal what summing all records anew would give.
 * 4. Every dot that the vector covers is held, or was overwritten by a larger record, here or where it came from, or
 *    was a tombstone that was purged.
 * 5. A key's record only ever becomes larger, until its tombstone is purged.
 */
export class LocalMap {
  readonly store: Store;
  readonly clock: HybridClock;
  readonly content: ContentSum;
  readonly vector: VersionVector;
  readonly floors: Floors;
  readonly unsettled: Unsettled;
  observeChanges = false;
  readonly origins: OriginKeeper;
  readonly overtaken: Overtaken = new Overtaken();
  /** Of the own origin. */
  readonly batches: BatchSpans = new BatchSpans();
  /** Bytes ever written here: what peers were sent is subtracted from it (see Peer). */
  writtenBytes = 0;
  readonly #state: MapState;
  readonly #options: LocalMapOptions;

  constructor(options: LocalMapOptions) {
    this.#options = options;
    this.store = options.store;
    this.#state = new MapState(options);
    this.clock = this.#state.clock;
    this.content = this.#state.content;
    this.vector = this.#state.vector;
    this.floors = this.#state.floors;
    this.unsettled = this.#state.unsettled;
    this.origins = new OriginKeeper(this.#state, options);
  }

  get id(): NodeId {
    return this.#options.id;
  }

  /** The vector speaks for the records: this replica is not in the middle of its first pages. */
  get joined(): boolean {
    return this.#state.joined;
  }

  /** The origin of local writes; '' before the first. */
  get origin(): Origin | '' {
    return this.#state.origin;
  }

  get sequence(): number {
    return this.#state.origin === '' ? 0 : this.#state.own.watermark;
  }

  put(write: Write, wallMs: number): StoredRecord {
    const previous = this.store.get(write.key);
    mustHaveRoom(this.#options, [{ write, previous }]);
    const record = this.#written(write, previous, wallMs, 1);
    this.store.apply({ records: [record] });
    this.#state.own.watermark = record.seq;
    this.#wrote(record, previous);
    return record;
  }

  /** All of them in one step of the store; of two writes of one key the later one stays. */
  batch(writes: readonly Write[], wallMs: number): readonly StoredRecord[] {
    const last = new Map<string, StoredRecord>();
    const latest = new Map(writes.map((write) => [write.key, write]));
    mustHaveRoom(
      this.#options,
      Array.from(latest.values(), (write) => ({ write, previous: this.store.get(write.key) })),
    );
    const records = writes.map((write, index) => {
      const record = this.#written(write, last.get(write.key) ?? this.store.get(write.key), wallMs, index + 1);
      last.set(write.key, record);
      return record;
    });
    const kept = [...last.values()];
    const previous = kept.map(({ key }) => this.store.get(key));
    this.store.apply({ records: kept });
    const from = this.#state.own.watermark;
    if (this.origin !== '') this.batches.note(this.origin, { from, to: from + records.length });
    this.#state.own.watermark += records.length;
    for (const [index, record] of kept.entries()) this.#wrote(record, previous[index]);
    return records;
  }

  /** Keeps those records that are larger than what their keys hold; covers nothing. */
  merge(records: Iterable<StoredRecord>): void {
    let places: Map<string, number> | undefined;
    const winners: StoredRecord[] = [];
    const losers: (StoredRecord | undefined)[] = [];
    let highest = '';
    for (const record of records) {
      // While keys ascend, as in pages, none is there twice, and no table of places is needed.
      if (places === undefined && record.key <= highest) places = new Map(winners.map(({ key }, at) => [key, at]));
      const place = places?.get(record.key);
      if (places === undefined) highest = record.key;
      const held = place === undefined ? this.store.get(record.key) : winners[place];
      if (held !== undefined && compareRecords(record, held) <= 0) {
        this.#options.counters.ignored += 1;
        this.#overtook(record, held);
      } else if (place === undefined) {
        places?.set(record.key, winners.length);
        winners.push(record);
        losers.push(held);
      } else {
        this.#overtook(held, record);
        winners[place] = record;
      }
    }
    if (winners.length === 0) return;
    this.store.apply({ records: winners });
    this.#options.counters.merged += winners.length;
    if (this.joined) {
      for (const origin of unknownOrigins(this.vector, winners))
        if (this.vector.open(origin) !== undefined) this.#state.originChanged(origin);
    }
    for (const [index, record] of winners.entries()) {
      const loser = losers[index];
      this.#replaced(record, loser, 'remote');
    }
  }

  /** Puts tombstones in the place of records whose time is over. */
  expire(records: readonly StoredRecord[]): void {
    if (records.length === 0) return;
    const tombstones = records.map(expiredOf);
    this.store.apply({ records: tombstones });
    this.#options.counters.expired += records.length;
    for (const [index, tombstone] of tombstones.entries()) this.#replaced(tombstone, records[index], 'expired');
  }

  /** Forgets tombstones that every member has; the floors remember that they were there. */
  purge(tombstones: readonly StoredRecord[]): void {
    if (tombstones.length === 0) return;
    const raised = tombstones.filter((tombstone) => this.floors.raise(tombstone)).length > 0;
    const meta = raised ? [floorsEntry(this.floors)] : [];
    this.store.apply({ removed: tombstones.map(({ key }) => key), meta });
    this.#options.counters.purged += tombstones.length;
    for (const tombstone of tombstones) this.content.replace(tombstone, undefined);
    this.#state.floorsChanged();
  }

  /** Drops records that a peer's purged tombstones have deleted, without a trace: the floors come with the vector. */
  drop(records: readonly StoredRecord[]): void {
    if (records.length === 0) return;
    this.store.apply({ removed: records.map(({ key }) => key) });
    this.#options.counters.dropped += records.length;
    for (const record of records) {
      this.content.replace(record, undefined);
      if (this.observeChanges && record.value !== null) this.#changed(expiredOf(record), record, 'remote');
    }
    this.#state.changed();
  }

  /** Marks (from, to] of an origin as covered. False when a bound of the vector refuses it. */
  cover(origin: Origin, span: { readonly from: number; readonly to: number }): boolean {
    const isCovered = this.vector.cover(origin, span);
    if (isCovered) this.#state.originChanged(origin);
    return isCovered;
  }

  /** A replica that holds nothing may read pages as an empty one does. */
  reopen(): void {
    if (this.vector.size > 0 || this.store.size > 0) return;
    this.#state.joined = false;
    this.#state.changed();
  }

  /** A peer's whole map was read: from now on the vector and the floors speak for the records. */
  adopt(covered: VersionVector, floors: readonly Floor[] = []): void {
    for (const entry of covered.entries()) {
      this.vector.coverEntry(entry);
      this.#state.originChanged(entry.origin);
    }
    for (const floor of floors) {
      // Of what nobody covers here a floor would call everybody behind for ever.
      if (this.vector.coverOf(floor.origin) === undefined) continue;
      this.origins.reopen(floor.origin);
      if (this.floors.raise(floor)) this.#state.floorsChanged();
    }
    this.#state.joined = true;
    this.#state.changed();
  }

  /** Takes figures that were counted anew: a store that lost records had figures that spoke of them. */
  recounted(figures: ContentSum): void {
    this.content.become(figures);
    this.#state.changed();
  }

  /** Applies changed metadata, so that the next flush makes it durable together with the records that it describes. */
  save(): void {
    const meta = this.#state.unsaved();
    if (meta.length === 0) return;
    this.store.apply({ meta });
    this.#state.saved();
  }

  #written(write: Write, previous: StoredRecord | undefined, wallMs: number, ahead: number): StoredRecord {
    const origin = this.origin === '' ? this.origins.open() : this.origin;
    const hlc = this.clock.next(wallMs, previous === undefined ? 0 : previous.hlc);
    const { key, value, expiresAt } = write;
    return { key, value, hlc, writer: this.id, expiresAt, origin, seq: this.#state.own.watermark + ahead };
  }

  #wrote(record: StoredRecord, previous: StoredRecord | undefined): void {
    if (record.value === null) this.#options.counters.deletes += 1;
    else this.#options.counters.puts += 1;
    this.writtenBytes += recordBytes(record);
    this.#state.originChanged(record.origin);
    this.#replaced(record, previous, 'local');
  }

  #replaced(record: StoredRecord, previous: StoredRecord | undefined, cause: ChangeCause): void {
    this.content.replace(previous, record);
    this.#state.changed();
    this.#overtook(previous, record);
    if (!this.observeChanges) return;
    // A copy of the same write under another dot is no change to anyone.
    if (previous !== undefined && compareWrites(record, previous) === 0) return;
    this.#changed(record, previous, cause);
  }

  /** Whichever came first: the loser is covered and not held here, so whoever is brought its coverage has to get the other. */
  #overtook(loser: StoredRecord | undefined, { origin }: StoredRecord): void {
    if (loser !== undefined && loser.origin !== origin) this.overtaken.note(loser);
  }

  #changed(record: StoredRecord, previous: StoredRecord | undefined, cause: ChangeCause): void {
    this.#options.outbox.push({ type: 'change', record, previous, cause });
  }
}
