import type { Origin, StoredRecord } from '@simpledht/wire';
import { memoryStore, type KeyBounds, type Store, type StoreBatch } from '../src/index.ts';

/** What a disk holds at one moment. */
export interface DiskImage {
  readonly records: Map<string, StoredRecord>;
  readonly meta: Map<string, Uint8Array>;
  /** The largest record of each key that this data ever held: what was purged stays here. */
  readonly peaks: Map<string, StoredRecord>;
}

/** Flushes that a disk with a lying cache may still lose. */
const cachedFlushes = 8;

/** By what a write is known, whatever its dot: a record that expired is the same write. */
export function isOlder(a: StoredRecord, b: StoredRecord): boolean {
  return a.hlc === b.hlc ? a.writer < b.writer : a.hlc < b.hlc;
}

export interface DiskWatcher {
  /** A record was applied; `peak` is the largest of its key that this store held before. */
  readonly applied: (record: StoredRecord, peak: StoredRecord | undefined) => void;
  readonly removed: (record: StoredRecord) => void;
  /** A record became durable. */
  readonly kept: (record: StoredRecord) => void;
}

/**
 * A store and the disk under it: what was applied is durable when the transaction that `begin` makes of it is committed.
 * A crash loses the rest; a disk that lies loses the newest commits as well.
 */
export class SimulatedDisk implements Store {
  readonly durable: boolean;
  #live: Store = memoryStore();
  #pending: StoreBatch[] = [];
  #commits: StoreBatch[][] = [];
  #image: DiskImage = emptyImage();
  /** The largest record of each key that the running store ever held. */
  #peaks = new Map<string, StoredRecord>();
  readonly #watcher: DiskWatcher | undefined;

  constructor(durable: boolean, watcher?: DiskWatcher) {
    this.durable = durable;
    this.#watcher = watcher;
  }

  /** Makes one transaction of what was applied since the last one; `undefined` when that is nothing. */
  begin(): (() => void) | undefined {
    if (this.#pending.length === 0) return undefined;
    const batches = this.#pending;
    this.#pending = [];
    return () => {
      this.#commit(batches);
    };
  }

  /** The process is gone. `tornFlushes` is how many commits the disk had promised and lost. */
  crash(tornFlushes: number): void {
    this.#pending = [];
    this.#commits.splice(Math.max(0, this.#commits.length - tornFlushes));
    this.#reopen();
  }

  /** A copy of what is durable, as `cp` makes it while nobody looks. */
  snapshot(): DiskImage {
    this.#fold(0);
    const { records, meta, peaks } = this.#image;
    return { records: new Map(records), meta: new Map(meta), peaks: new Map(peaks) };
  }

  /** The disk is replaced by a copy of another. */
  restore({ records, meta, peaks }: DiskImage): void {
    this.#pending = [];
    this.#commits = [];
    this.#image = { records: new Map(records), meta: new Map(meta), peaks: new Map(peaks) };
    this.#reopen();
  }

  wipe(): void {
    this.restore(emptyImage());
  }

  /** Loses the record of a key behind the replica's back. False when it is just being written. */
  damage(key: string): boolean {
    if (this.#pending.some(({ records = [] }) => records.some((record) => record.key === key))) return false;
    this.#fold(0);
    this.#image.records.delete(key);
    this.#live.apply({ removed: [key] });
    return true;
  }

  /** The largest record of a key that the durable data ever held. */
  keptPeak(key: string): StoredRecord | undefined {
    this.#fold(0);
    return this.#image.peaks.get(key);
  }

  /** The largest records that the running store ever held. */
  peaks(): ReadonlyMap<string, StoredRecord> {
    return this.#peaks;
  }

  get(key: string): StoredRecord | undefined {
    return this.#live.get(key);
  }

  range(bounds?: KeyBounds): Iterable<StoredRecord> {
    return this.#live.range(bounds);
  }

  since(origin: Origin, after: number, limit: number): readonly StoredRecord[] {
    return this.#live.since(origin, after, limit);
  }

  expiring(untilMs: number, limit: number): readonly StoredRecord[] {
    return this.#live.expiring(untilMs, limit);
  }

  tombstones(before: number, limit: number): readonly StoredRecord[] {
    return this.#live.tombstones(before, limit);
  }

  meta(name: string): Uint8Array | undefined {
    return this.#live.meta(name);
  }

  apply(batch: StoreBatch): void {
    const { records = [], removed = [] } = batch;
    for (const key of removed) {
      const record = this.#live.get(key);
      if (record !== undefined) this.#watcher?.removed(record);
    }
    this.#live.apply(batch);
    this.#pending.push(batch);
    for (const record of records) {
      const peak = this.#peaks.get(record.key);
      if (peak === undefined || isOlder(peak, record)) this.#peaks.set(record.key, record);
      this.#watcher?.applied(record, peak);
    }
  }

  /** The cluster commits; see `begin`. */
  flush(): undefined {
    return undefined;
  }

  get size(): number {
    return this.#live.size;
  }

  get bytes(): number {
    return this.#live.bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #commit(batches: StoreBatch[]): void {
    this.#commits.push(batches);
    this.#fold(cachedFlushes);
    if (this.#watcher === undefined) return;
    for (const { records = [] } of batches) for (const record of records) this.#watcher.kept(record);
  }

  /** Puts all commits but the newest into the image. */
  #fold(left: number): void {
    while (this.#commits.length > left) {
      for (const batch of this.#commits.shift() ?? []) fold(this.#image, batch);
    }
  }

  #reopen(): void {
    this.#fold(0);
    const { records, meta, peaks } = this.#image;
    this.#live = memoryStore();
    this.#live.apply({ records: [...records.values()], meta: [...meta] });
    this.#peaks = new Map(peaks);
  }
}

function fold({ records, meta, peaks }: DiskImage, batch: StoreBatch): void {
  for (const record of batch.records ?? []) {
    records.set(record.key, record);
    const peak = peaks.get(record.key);
    if (peak === undefined || isOlder(peak, record)) peaks.set(record.key, record);
  }
  for (const key of batch.removed ?? []) records.delete(key);
  for (const [name, value] of batch.meta ?? []) meta.set(name, value);
}

function emptyImage(): DiskImage {
  return { records: new Map(), meta: new Map(), peaks: new Map() };
}
