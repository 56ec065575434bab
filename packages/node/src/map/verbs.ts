import { splitKey } from '@simpledht/storage';
import type {
  BatchResult,
  ClearOptions,
  DeleteResult,
  Entry,
  ListOptions,
  PutIfOptions,
  PutOptions,
  TouchOptions,
  UpdateResult,
  WriteOptions,
  WriteResult,
} from '../types.ts';
import { toEntry } from '../versions.ts';
import type { WatchOptions } from '../watch/events.ts';
import type { WatchIterator } from '../watch/watch-iterator.ts';
import { batch, type BatchOperation } from './batching.ts';
import { clear } from './clearing.ts';
import { putIf, touch, update } from './conditional.ts';
import type { MapSource } from './map-source.ts';
import { getMany } from './reading.ts';

/**
 * The verbs of a map: of the node's own keys, and of each namespace.
 *
 * `T` is what is read, `Input` what is written: a schema may make the one of the other. What is read was checked by the
 * node that wrote it, and is not checked again.
 */
export abstract class MapVerbs<T = unknown, Input = T> {
  /** What the verbs work on. */
  protected abstract get source(): MapSource;

  /**
   * Stores a value. The promise settles when as many members hold it as `acks` says, by default this one.
   * Rejects before anything is stored with `ERR_INVALID_KEY`, `ERR_KEY_TOO_LARGE`, `ERR_INVALID_VALUE`,
   * `ERR_VALUE_TOO_LARGE`, `ERR_MAP_FULL`, `ERR_SCHEMA`, `ERR_TOO_FEW_MEMBERS`; afterwards with `ERR_IN_DOUBT`, and then
   * the write stays.
   */
  put(key: string, value: Input, options?: PutOptions): Promise<WriteResult> {
    return this.source.map.put(key, value, options);
  }

  /**
   * Stores a value if the key has that `version` here and now (`undefined` or `null`: if it is not there); else rejects
   * with `VersionMismatchError`, which has the `current` version. A check of this node, not a lock: a node that writes the
   * key at the same time passes its own check, and of the two writes the later one stays, everywhere.
   */
  putIf(key: string, value: Input, options: PutIfOptions): Promise<WriteResult> {
    return putIf(this.source.map, key, value, options);
  }

  /**
   * Writes what `change` makes of the present value (`undefined`: not there); when it makes `undefined` of it the key is
   * deleted. A synchronous `change` and the write are one step on this node; an asynchronous one is asked again when the
   * key was written here meanwhile, up to 16 times, then it rejects with `VersionMismatchError`. Keeps the value's expiry
   * unless `ttl` is given. A check of this node, not a lock: of two nodes that update a key at the same time one update is
   * lost. Do not count with it.
   */
  update(
    key: string,
    change: (value: T | undefined) => Input | undefined | Promise<Input | undefined>,
    options: PutOptions = {},
  ): Promise<UpdateResult<T>> {
    return update<T>(this.source.map, key, change, options);
  }

  /**
   * Gives a value a new expiry; `false` when the key is not there. It writes the value that this node has anew: a value
   * that another node writes at the same time may be lost to it.
   */
  touch(key: string, options: TouchOptions): Promise<boolean> {
    return touch(this.source.map, key, options);
  }

  /** Deletes a key everywhere. Deleting what is not there is a write like any other. */
  delete(key: string, options?: WriteOptions): Promise<DeleteResult> {
    return this.source.map.delete(key, options);
  }

  /**
   * Makes all of these writes in one step, or, when it rejects with anything but `ERR_IN_DOUBT`, none of them; of two for
   * one key the later one stays. Readers on this node see all or none. So do readers of a node where the batch arrives as
   * one push; one that catches up sees each key's final state, possibly in steps. At most 32,768 operations and 4 MiB.
   */
  batch(operations: readonly BatchOperation<Input>[], options: WriteOptions = {}): Promise<BatchResult> {
    return batch(this.source.map, operations, options);
  }

  /**
   * Deletes the keys that are there now, in steps that let others have their turn, and returns how many there were. With a
   * signal it stops between two steps: what was deleted stays deleted.
   */
  clear(options: ClearOptions = {}): Promise<number> {
    return clear(this.source.map, this.source.clock, options);
  }

  /** The value, or `undefined`. Local; while the first sync is still running a miss asks the peers. */
  get(key: string): Promise<T | undefined> {
    return this.source.map.get(key) as Promise<T | undefined>;
  }

  /** The value as this node has it, or `undefined`. */
  getSync(key: string): T | undefined {
    return this.source.map.getSync(key) as T | undefined;
  }

  /** The values in the order of the keys, `undefined` for each that is not there. Like `get` for each. */
  getMany(keys: readonly string[]): Promise<(T | undefined)[]> {
    return getMany(this.source.map, keys) as Promise<(T | undefined)[]>;
  }

  /** This node has a value for the key. */
  has(key: string): boolean {
    return this.source.map.has(key);
  }

  /** The value with version, writer and expiry. */
  entry(key: string): Entry<T> | undefined {
    return this.source.map.entry(key) as Entry<T> | undefined;
  }

  /** Keys and values, lazily, in key order. Writes during the iteration are allowed; no snapshot is promised. */
  *entries(options?: ListOptions): Generator<[key: string, value: T], void> {
    const { map, readable } = this.source;
    for (const record of map.records(options)) {
      const entry = readable(() => toEntry(record));
      if (entry !== undefined) yield [entry.key, entry.value as T];
    }
  }

  *keys(options?: ListOptions): Generator<string, void> {
    for (const record of this.source.map.records(options)) yield splitKey(record.key).key;
  }

  *values(options?: ListOptions): Generator<T, void> {
    for (const [, value] of this.entries(options)) yield value;
  }

  [Symbol.iterator](): Generator<[key: string, value: T], void> {
    return this.entries();
  }

  /**
   * What is there, in key order, then `synced`, then every change in the order in which it was made here. Before `synced`,
   * what changes meanwhile comes in its latest state.
   *
   * `from` takes the `token` of an earlier event, of this node or any other, and brings what has changed since then
   * instead; what has expired since then is not told, so drop what is past its `expiresAt`. A reader that is too slow gets
   * `lagged` and then the latest state: nothing else waits for it. The watch ends with the loop, with its signal and with
   * the node; none of these is an error. Throws `ERR_INVALID_OPTION` and, over `maxWatchers`, `ERR_LIMIT_REACHED`.
   */
  watch(options: WatchOptions = {}): WatchIterator<T> {
    return this.source.watch<T>(options);
  }
}
