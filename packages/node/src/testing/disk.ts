import type { StoreBatch } from '@simpledht/storage';
import type { StoredRecord } from '@simpledht/wire';

/** What a disk holds: the copy that `copyDisk` gives, to be handed to `restart`. */
export interface DiskCopy {
  readonly records: ReadonlyMap<string, StoredRecord>;
  readonly meta: ReadonlyMap<string, Uint8Array>;
}

/** Flushes that a disk with a lying cache may still lose. */
const cachedFlushes = 8;

const emptyDisk: DiskCopy = { records: new Map(), meta: new Map() };

/** What outlives a process: whole transactions, the newest of which a disk that lies may have lost after all. */
export class Disk {
  readonly #records: Map<string, StoredRecord>;
  readonly #meta: Map<string, Uint8Array>;
  #cached: (readonly StoreBatch[])[] = [];

  constructor({ records, meta }: DiskCopy = emptyDisk) {
    this.#records = new Map(records);
    this.#meta = new Map(meta);
  }

  /** One transaction. */
  commit(batches: readonly StoreBatch[]): void {
    this.#cached.push(batches);
    if (this.#cached.length > cachedFlushes) this.#fold(1);
  }

  /** Loses the newest transactions, eight at the most, though it had promised them. */
  lose(transactions: number): void {
    this.#cached.splice(Math.max(0, this.#cached.length - transactions));
  }

  copy(): DiskCopy {
    const [records, meta] = [new Map(this.#records), new Map(this.#meta)];
    write({ records, meta }, this.#cached.flat());
    return { records, meta };
  }

  #fold(transactions: number): void {
    const batches = this.#cached.splice(0, transactions).flat();
    write({ records: this.#records, meta: this.#meta }, batches);
  }
}

interface Content {
  readonly records: Map<string, StoredRecord>;
  readonly meta: Map<string, Uint8Array>;
}

function write(content: Content, batches: readonly StoreBatch[]): void {
  for (const { records = [], removed = [], meta = [] } of batches) {
    for (const record of records) content.records.set(record.key, record);
    for (const key of removed) content.records.delete(key);
    for (const [name, value] of meta) content.meta.set(name, value);
  }
}
