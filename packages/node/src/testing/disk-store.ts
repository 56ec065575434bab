import { memoryStore, type KeyBounds, type Store, type StoreBatch } from '@simpledht/storage';
import type { Clock, Random } from '@simpledht/transport';
import { SimpleDHTError, type Origin, type StoredRecord } from '@simpledht/wire';
import { Disk, type DiskCopy } from './disk.ts';

/** Sees what happens to a node's data, for checkers. */
export interface DiskWatcher {
  /** The process wrote this; reads see it. `before` is what a key held. */
  readonly applied?: (batch: StoreBatch, before: (key: string) => StoredRecord | undefined) => void;
  /** It is durable. */
  readonly kept?: (batches: readonly StoreBatch[]) => void;
  /** The disk had promised so many transactions, and has lost them. */
  readonly lost?: (transactions: number) => void;
}

export interface DiskOptions {
  /** How long a flush takes, ms: uniform between the two. Without it everything is kept at once and nothing is waited for. */
  readonly flushMs: readonly [least: number, most: number] | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly watcher?: DiskWatcher | undefined;
}

/**
 * A store and the disk under it. The data outlives the process; with `flushMs` only what was flushed does, as with a
 * database that commits in groups.
 */
export class DiskStore implements Store {
  readonly durable: boolean;
  /** Flushes take so many times as long. */
  slowness = 1;
  readonly #live: Store = memoryStore();
  readonly #options: DiskOptions;
  readonly #disk: Disk;
  #pending: StoreBatch[] = [];
  #isCutOff = false;
  #isFull = false;
  /** A flush has failed, and what it should have made durable still waits: the store only reads. */
  #onlyReads = false;

  constructor(options: DiskOptions, copy?: DiskCopy) {
    this.#options = options;
    this.durable = options.flushMs !== undefined;
    this.#disk = new Disk(copy);
    if (copy !== undefined) this.#live.apply({ records: [...copy.records.values()], meta: [...copy.meta] });
  }

  /** The process is dead: what it would still write or flush is lost. */
  cutOff(): void {
    this.#isCutOff = true;
    this.#pending = [];
  }

  /** The disk is full: what needs room fails until it is not. */
  set isFull(isFull: boolean) {
    this.#isFull = isFull;
    if (!isFull) this.#onlyReads = false;
  }

  /** After `cutOff`: the disk loses transactions that it had promised, the newest. */
  lose(transactions: number): void {
    this.#disk.lose(transactions);
    this.#options.watcher?.lost?.(transactions);
  }

  /** What a restarted process finds. */
  copy(): DiskCopy {
    return this.#disk.copy();
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
    const { records = [] } = batch;
    if (this.#onlyReads && records.length > 0) throw full();
    this.#options.watcher?.applied?.(batch, (key) => this.#live.get(key));
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
    return new Promise((resolve, reject) => {
      const end = (): void => {
        if (this.#isFull && !this.#isCutOff) {
          this.#onlyReads = true;
          this.#pending = [...batches, ...this.#pending];
          reject(full());
          return;
        }
        // A process that is dead by now lost it; nobody is left to be told.
        if (!this.#isCutOff) this.#keep(batches);
        resolve();
      };
      clock.setTimeout(end, (least + (most - least) * random.next()) * this.slowness);
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
    this.#disk.commit(batches);
    this.#options.watcher?.kept?.(batches);
  }
}

function full(): SimpleDHTError {
  return new SimpleDHTError('ERR_STORE_FULL', 'No space left on the disk');
}
