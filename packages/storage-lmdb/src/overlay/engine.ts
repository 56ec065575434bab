import type { KeySpan } from '@simpledht/storage';
import type { Origin, StoredRecord } from '@simpledht/wire';

/** Everything that one transaction makes durable, all of it or nothing. */
export interface Changes {
  /** In key order, each key once. */
  readonly records: readonly StoredRecord[];
  /** Keys to drop; none of them is among the records. */
  readonly removed: readonly string[];
  readonly meta: readonly (readonly [name: string, value: Uint8Array])[];
  /** Records and bytes that the engine holds afterwards; it gives them back as `size` and `bytes`. */
  readonly size: number;
  readonly bytes: number;
}

/**
 * What `withOverlay` makes a Store of: ordered, read synchronously, committed asynchronously. Its reads may go on showing
 * the former state until the promise of a commit has settled. Iterables are read at once, never across a commit.
 */
export interface Engine {
  get(key: string): StoredRecord | undefined;
  /** Bytes that a held record counts for (see `weightOf`), without reading its value. */
  weigh(key: string): number | undefined;
  range(span: KeySpan, reverse: boolean): Iterable<StoredRecord>;
  /** Of `origin`, above `after`, ascending. */
  since(origin: Origin, after: number): Iterable<StoredRecord>;
  /** With a value whose expiry is at most `untilMs`, the earliest first. */
  expiring(untilMs: number): Iterable<StoredRecord>;
  /** With an `hlc` below `before`, the lowest first. */
  tombstones(before: number): Iterable<StoredRecord>;
  meta(name: string): Uint8Array | undefined;
  readonly size: number;
  readonly bytes: number;
  /**
   * Settles when all of it is durable. Rejects, with nothing changed, with `ERR_STORE_FULL` or `ERR_STORE`. One at a time.
   */
  commit(changes: Changes): Promise<void>;
  /** Whether a commit that failed may be worth another try; asked before it, so that a full disk is left alone. */
  hasRoom(changes: Changes): boolean;
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

/** What a record counts for in `bytes`. */
export function weightOf({ key, value }: StoredRecord): number {
  return key.length + (value === null ? 0 : value.length);
}
