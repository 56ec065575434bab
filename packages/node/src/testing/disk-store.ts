import { memoryStore, type KeyBounds, type Store, type StoreBatch } from '@simpledht/storage';
import type { Clock, Random } from '@simpledht/transport';
import type { Origin, StoredRecord } from '@simpledht/wire';

/** What a disk holds: the copy that `copyDisk` gives, to be handed to `restart`. */
export interface DiskCopy {
  readonly records: ReadonlyMap<string, StoredRecord>;
  readonly meta: ReadonlyMap<string, Uint8Array>;
}

export interface DiskOptions {
  /** How long a flush takes, ms: uniform between the two. Without it everything is kept at once and nothing is waited for. */
  readonly flushMs: readonly [least: number, most: number] | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

const emptyDisk: DiskCopy = { records: new Map(), meta: new Map() };

/**
 * A store and the disk under it. The data outlives the process; with `flushMs` only what was flushed does, as with a
 * database that commits in groups.
 */
export class DiskStore implements Store {
  readonly durable: boolean;
  readonly #live: Store = memoryStore();
  readonly #options: DiskOptions;
  readonly #records: Map<string, StoredRecord>;
  readonly #meta: Map<string, Uint8Array>;
  #pending: StoreBatch[] = [];
  #isCutOff = false;

  constructor(options: DiskOptions, { records, meta }: DiskCopy = emptyDisk) {
    this.#options = options;
    this.durable = options.flushMs !== undefined;
    this.#records = new Map(records);
    this.#meta = new Map(meta);
    this.#live.apply({ records: [...records.values()], meta: [...meta] });
  }

  /** The process is dead: what it would still write or flush is lost. */
  cutOff(): void {
    this.#isCutOff = true;
    this.#pending = [];
  }

  /** What a restarted process finds. */
  copy(): DiskCopy {
    return { records: new Map(this.#records), meta: new Map(this.#meta) };
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
    if (this.#isCutOff) return;
    this.#live.apply(batch);
    if (this.durable) this.#pending.push(batch);
    else this.#keep([batch]);
  }

  flush(): Promise<void> | undefined {
    const { flushMs, clock, random } = this.#options;
    if (flushMs === undefined || this.#pending.length === 0) return undefined;
    const batches = this.#pending;
    this.#pending = [];
    const [least, most] = flushMs;
    return new Promise((resolve) => {
      clock.setTimeout(
        () => {
          // A process that is dead by now lost it; nobody is left to be told.
          if (!this.#isCutOff) this.#keep(batches);
          resolve();
        },
        least + (most - least) * random.next(),
      );
    });
  }

  get size(): number {
    return this.#live.size;
  }

  get bytes(): number {
    return this.#live.bytes;
  }

  async close(): Promise<void> {
    await this.flush();
  }

  #keep(batches: readonly StoreBatch[]): void {
    for (const { records = [], removed = [], meta = [] } of batches) {
      for (const record of records) this.#records.set(record.key, record);
      for (const key of removed) this.#records.delete(key);
      for (const [name, value] of meta) this.#meta.set(name, value);
    }
  }
}
