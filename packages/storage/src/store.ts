import type { Origin, StoredRecord } from '@simpledht/wire';

/**
 * The Store port: one replica's local, ordered, synchronous home for records and metadata. Implement it to keep the
 * map elsewhere, and run `@simpledht/storage/compliance` on the result.
 *
 * Synchronous, because every embedded store worth using in Node.js is (a Map, LMDB, SQLite) and reads are then as
 * fast as local memory. The replica never writes from two places at once.
 */
export interface Store {
  /** The record of a key, tombstones included. Sees everything applied. */
  get(key: string): StoredRecord | undefined;
  /**
   * Records in key order (by UTF-8 bytes, which is by code point), tombstones included. Lazy; re-seeds by the last
   * key, so writes during an iteration are allowed: a key is given at most once, and no snapshot is promised.
   */
  range(bounds?: KeyBounds): Iterable<StoredRecord>;
  /** Records whose dot is of `origin` with `seq` above `after`, ascending by `seq`, at most `limit`. */
  since(origin: Origin, after: number, limit: number): readonly StoredRecord[];
  /**
   * Records with a value whose expiry is at or before `untilMs` (ms since 1970), the earliest first, at most `limit`.
   * `Infinity` asks for all.
   * Asked often and seldom with an answer: an index makes it cheap.
   */
  expiring(untilMs: number, limit: number): readonly StoredRecord[];
  /** Tombstones with a version (`hlc`) below `before`, the lowest first, at most `limit`. Asked often, too. */
  tombstones(before: number, limit: number): readonly StoredRecord[];
  /** Metadata under a name, as last applied. */
  meta(name: string): Uint8Array | undefined;
  /**
   * Puts records (replacing what their keys held) and metadata, drops `removed` keys: all of it or, when it throws,
   * nothing. Reads see it at once. The store may keep the objects and bytes it was given. Throws `ERR_STORE_FULL` (or
   * `ERR_STORE`) for records while what was applied before cannot be made durable: then the store only reads.
   */
  apply(batch: StoreBatch): void;
  /**
   * Makes durable, in one transaction, everything applied since the last flush. Returns `undefined` when that is so
   * already, else a promise that settles when it is. Rejects with `ERR_STORE` when the disk failed, `ERR_STORE_FULL` when it
   * is full; what was applied stays readable and is tried again, by the next flush or before.
   */
  flush(): Promise<void> | undefined;
  /**
   * Writes a copy of what is durable to a new place and proves that it opens. Rejects with `ERR_STORE`; a store that
   * cannot do it leaves the method out.
   */
  backup?(path: string): Promise<void>;
  /** What is flushed outlives the process. When false, `flush` has nothing to wait for. */
  readonly durable: boolean;
  /** Records held, tombstones included. */
  readonly size: number;
  /** Bytes of keys and values held, as an estimate for limits. */
  readonly bytes: number;
  /** Flushes and frees everything. Afterwards every other method throws `ERR_CLOSED`. Idempotent. */
  close(): Promise<void>;
}

export interface StoreBatch {
  readonly records?: readonly StoredRecord[];
  readonly removed?: readonly string[];
  readonly meta?: readonly (readonly [name: string, value: Uint8Array])[];
}

/** Bounds of a range; all that are given hold. */
export interface KeyBounds {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  /** Only keys that start with it, by code units; '' is every key. */
  readonly prefix?: string;
  /** Descending order. */
  readonly reverse?: boolean;
}
