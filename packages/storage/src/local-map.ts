import { bytesToHex, originNode, SimpleDHTError, type NodeId, type Origin, type StoredRecord } from '@simpledht/wire';
import { HybridClock } from './clock.ts';
import { ContentSum } from './content-sum.ts';
import type { ChangeCause, Outbox, ReplicaCounters } from './effects.ts';
import { loadState, loadVector, stateEntry, vectorEntries, type ReplicaState } from './metadata.ts';
import { OriginCover } from './origin-cover.ts';
import { Overtaken } from './overtaken.ts';
import { compareRecords, compareWrites, recordBytes } from './record-order.ts';
import type { Store } from './store.ts';
import { replicaBounds, VersionVector } from './version-vector.ts';

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
  readonly outbox: Outbox;
  readonly counters: ReplicaCounters;
}

/**
 * One replica's records with what describes them: clock, vector, sums. Knows nothing of peers.
 *
 * 1. The store changes first and memory after it, so that a store that throws leaves both as they were.
 * 2. The watermark of the own origin is the number of the last local write: own numbers have no gaps.
 * 3. Sums equal what summing all records anew would give.
 * 4. Every dot that the vector covers is held, or was overwritten by a larger record, here or where it came from.
 * 5. A key's record only ever becomes larger.
 */
export class LocalMap {
  readonly store: Store;
  readonly clock: HybridClock;
  readonly content: ContentSum;
  observeChanges = false;
  readonly overtaken: Overtaken;
  /** Bytes ever written here: what peers were sent is subtracted from it (see Peer). */
  writtenBytes = 0;
  readonly #vector: VersionVector;
  #joined: boolean;
  #origin: Origin | '';
  /** Cover of the own origin, kept at hand: every put moves it. */
  #own = new OriginCover();
  /** Where the own origin stood when this process began; what is above was written by it. */
  #bootSequence: number;
  readonly #options: LocalMapOptions;
  /** Origins whose part of the vector has to be saved; emptied every turn. */
  readonly #changed = new Set<Origin>();
  #savedOrigins: number;
  #isStateChanged = false;
  #savedCeiling: number;

  constructor(options: LocalMapOptions) {
    const { id, store, maxClockAheadMs } = options;
    this.#options = options;
    this.store = store;
    this.overtaken = new Overtaken();
    const state = loadState(store);
    // An empty store covers nothing, whatever its metadata says: it was wiped, and its numbers must not be used again.
    const vector = state === undefined || store.size === 0 ? undefined : loadVector(store);
    const isKept = state !== undefined && vector !== undefined;
    this.clock = new HybridClock(state?.ceiling ?? 0, maxClockAheadMs);
    this.content = isKept ? new ContentSum(state.content) : summed(store);
    this.#vector = vector ?? new VersionVector(replicaBounds);
    this.#joined = isKept && state.joined;
    this.#origin = isKept && state.origin !== '' && originNode(state.origin) === id ? state.origin : '';
    if (this.#origin !== '') this.#own = this.#vector.get(this.#origin) ?? this.#own;
    this.#bootSequence = this.#own.watermark;
    this.#savedOrigins = isKept ? this.#vector.size : -1;
    this.#savedCeiling = this.clock.ceiling;
  }

  get id(): NodeId {
    return this.#options.id;
  }

  get vector(): VersionVector {
    return this.#vector;
  }

  /** The vector speaks for the records: this replica is not in the middle of its first pages. */
  get joined(): boolean {
    return this.#joined;
  }

  /** The origin of local writes; '' before the first. */
  get origin(): Origin | '' {
    return this.#origin;
  }

  get sequence(): number {
    return this.#origin === '' ? 0 : this.#own.watermark;
  }

  put(write: Write, wallMs: number): StoredRecord {
    const previous = this.store.get(write.key);
    const record = this.#written(write, previous, wallMs, 1);
    this.store.apply({ records: [record] });
    this.#own.watermark = record.seq;
    this.#wrote(record, previous);
    return record;
  }

  /** All of them in one step of the store; of two writes of one key the later one stays. */
  batch(writes: readonly Write[], wallMs: number): readonly StoredRecord[] {
    const last = new Map<string, StoredRecord>();
    const records = writes.map((write, index) => {
      const record = this.#written(write, last.get(write.key) ?? this.store.get(write.key), wallMs, index + 1);
      last.set(write.key, record);
      return record;
    });
    const kept = [...last.values()];
    const previous = kept.map(({ key }) => this.store.get(key));
    this.store.apply({ records: kept });
    this.#own.watermark += records.length;
    for (const [index, record] of kept.entries()) this.#wrote(record, previous[index]);
    return records;
  }

  /** Keeps those records that are larger than what their keys hold; covers nothing. */
  merge(records: Iterable<StoredRecord>): void {
    const places = new Map<string, number>();
    const winners: StoredRecord[] = [];
    const losers: (StoredRecord | undefined)[] = [];
    for (const record of records) {
      const place = places.get(record.key);
      const held = place === undefined ? this.store.get(record.key) : winners[place];
      if (held !== undefined && compareRecords(record, held) <= 0) {
        this.#options.counters.ignored += 1;
      } else if (place === undefined) {
        places.set(record.key, winners.length);
        winners.push(record);
        losers.push(held);
      } else winners[place] = record;
    }
    if (winners.length === 0) return;
    this.store.apply({ records: winners });
    this.#options.counters.merged += winners.length;
    for (const [index, record] of winners.entries()) {
      const loser = losers[index];
      if (loser?.origin === this.#origin && record.origin !== this.#origin) this.overtaken.note(loser);
      this.#replaced(record, loser, 'remote');
    }
  }

  /** Marks (from, to] of an origin as covered. False when a bound of the vector refuses it. */
  cover(origin: Origin, span: { readonly from: number; readonly to: number }): boolean {
    const isCovered = this.#vector.cover(origin, span);
    if (isCovered) this.#changed.add(origin);
    return isCovered;
  }

  /** A replica that holds nothing may read pages as an empty one does. */
  reopen(): void {
    if (this.#vector.size > 0 || this.store.size > 0) return;
    this.#joined = false;
    this.#isStateChanged = true;
  }

  /** Ends the first pages: from now on the vector speaks for the records. */
  adopt(covered: VersionVector): void {
    for (const entry of covered.entries()) {
      this.#vector.coverEntry(entry);
      this.#changed.add(entry.origin);
    }
    this.#joined = true;
    this.#isStateChanged = true;
  }

  /**
   * Somebody holds more of the own origin than this node: the store lost its tail. Numbers of the lost tail must never
   * mean two writes, so what this process wrote gets new dots under a new origin, and the old origin becomes a foreign
   * one of which the tail is missing. Tells where each number went. Without room for an origin nothing is changed.
   */
  renewOrigin(): ((seq: number) => number) | undefined {
    const former = this.#origin;
    if (former === '' || !this.#vector.hasPlace) return undefined;
    const rewritten = this.store.since(former, this.#bootSequence, Infinity);
    // Takes the coverage of the own origin back to where this process found it.
    this.#vector.reset(former, this.#bootSequence);
    this.#changed.add(former);
    this.#isStateChanged = true;
    this.overtaken.clear();
    this.#origin = '';
    if (rewritten.length > 0) this.#redot(rewritten);
    this.#options.counters.originChanges += 1;
    this.#options.outbox.notice({ type: 'origin-changed', former });
    const places = rewritten.map(({ seq }) => seq);
    return (seq) => {
      const place = places.findIndex((candidate) => candidate >= seq);
      return place < 0 ? places.length : place + 1;
    };
  }

  /** Sums everything anew: a store that lost records had figures that spoke of them. */
  recount(): void {
    Object.assign(this.content, summed(this.store));
    this.#isStateChanged = true;
  }

  /** Applies changed metadata, so that the next flush makes it durable together with the records that it describes. */
  save(): void {
    if (this.#changed.size === 0 && !this.#isStateChanged && this.clock.ceiling === this.#savedCeiling) return;
    const isGrown = this.#vector.size !== this.#savedOrigins;
    this.store.apply({ meta: [stateEntry(this.#state()), ...vectorEntries(this.#vector, this.#changed, isGrown)] });
    this.#changed.clear();
    this.#isStateChanged = false;
    this.#savedOrigins = this.#vector.size;
    this.#savedCeiling = this.clock.ceiling;
  }

  #state(): ReplicaState {
    return { joined: this.#joined, ceiling: this.clock.ceiling, content: this.content, origin: this.#origin };
  }

  #written(write: Write, previous: StoredRecord | undefined, wallMs: number, ahead: number): StoredRecord {
    const origin = this.#origin === '' ? this.#newOrigin() : this.#origin;
    const hlc = this.clock.next(wallMs, previous === undefined ? 0 : previous.hlc);
    const { key, value, expiresAt } = write;
    return { key, value, hlc, writer: this.#options.id, expiresAt, origin, seq: this.#own.watermark + ahead };
  }

  #wrote(record: StoredRecord, previous: StoredRecord | undefined): void {
    if (record.value === null) this.#options.counters.deletes += 1;
    else this.#options.counters.puts += 1;
    this.writtenBytes += recordBytes(record);
    this.#changed.add(record.origin);
    this.#replaced(record, previous, 'local');
  }

  #replaced(record: StoredRecord, previous: StoredRecord | undefined, cause: ChangeCause): void {
    this.content.replace(previous, record);
    this.#isStateChanged = true;
    if (!this.observeChanges) return;
    // A copy of the same write under another dot is no change to anyone.
    if (previous !== undefined && compareWrites(record, previous) === 0) return;
    this.#options.outbox.push({ type: 'change', record, previous, cause });
  }

  #newOrigin(): Origin {
    const origin = (this.#options.id + bytesToHex(this.#options.randomBytes(8))) as Origin;
    const own = this.#vector.openOwn(origin);
    if (own === undefined) {
      throw new SimpleDHTError('ERR_LIMIT_REACHED', 'The version vector has no room for another origin');
    }
    this.#own = own;
    this.#origin = origin;
    this.#bootSequence = 0;
    this.#changed.add(origin);
    return origin;
  }

  #redot(records: readonly StoredRecord[]): void {
    const origin = this.#newOrigin();
    this.store.apply({
      records: records.map((record, index) => ({ ...record, value: record.value, origin, seq: index + 1 })),
    });
    this.#own.watermark = records.length;
  }
}

function summed(store: Store): ContentSum {
  const content = new ContentSum();
  if (store.size > 0) for (const record of store.range()) content.replace(undefined, record);
  return content;
}
