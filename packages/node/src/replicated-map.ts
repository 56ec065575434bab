import { checkKey, namespaceBounds, storedKey } from '@simpledht/storage';
import type { Clock } from '@simpledht/transport';
import { decodeValue, encodeValue, InDoubtError, SimpleDHTError, type Acks, type StoredRecord } from '@simpledht/wire';
import { neededMembers } from './driver/acknowledgements.ts';
import type { Driver } from './driver/driver.ts';
import { fetchFromPeers } from './driver/fetch.ts';
import { checkLimit, checkedTimeout } from './options.ts';
import { Pacer } from './pacer.ts';
import type { DeleteResult, Entry, ListOptions, WriteOptions, WriteResult } from './types.ts';
import { toEntry, versionOf } from './versions.ts';
import { within } from './waiting.ts';

const defaultTimeoutMs = 5000;
const noOptions: WriteOptions = {};

export interface MapParts {
  readonly driver: Driver;
  /** Throws unless the node is open: every verb begins with it. */
  readonly mustBeOpen: () => void;
  readonly clock: Clock;
  readonly namespace: string;
  readonly maxValueBytes: number;
}

/** The verbs of one namespace, over the replica of this node. */
export class ReplicatedMap {
  readonly #driver: Driver;
  readonly #mustBeOpen: () => void;
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #maxValueBytes: number;
  readonly #pacer: Pacer;

  constructor({ driver, mustBeOpen, clock, namespace, maxValueBytes }: MapParts) {
    this.#driver = driver;
    this.#mustBeOpen = mustBeOpen;
    this.#clock = clock;
    this.#namespace = namespace;
    this.#maxValueBytes = maxValueBytes;
    this.#pacer = new Pacer(clock, () => driver.replica.core.unsentBytes);
  }

  /** One `async` function on the common way (acks local, nothing to flush): each more costs as much as the store. */
  async put(key: string, value: unknown, options: WriteOptions = noOptions): Promise<WriteResult> {
    const stored = this.#stored(key);
    const encoded = encodeValue(value, this.#maxValueBytes);
    if (options !== noOptions || this.#driver.durableStore) return this.#write(stored, encoded, options);
    const record = this.#store(stored, encoded);
    const pause = this.#pacer.wait();
    if (pause !== undefined) await pause;
    return { version: versionOf(record), acknowledged: 1 };
  }

  /** For bytes that are a checked encoded value already. */
  async putEncoded(key: string, encoded: Uint8Array, options: WriteOptions): Promise<WriteResult> {
    return this.#write(this.#stored(key), encoded, options);
  }

  async delete(key: string, options: WriteOptions = noOptions): Promise<DeleteResult> {
    const stored = this.#stored(key);
    const existed = this.#driver.replica.core.get(stored, this.#clock.now()) !== undefined;
    const result = await this.#write(stored, null, options);
    return { ...result, existed };
  }

  async get(key: string): Promise<unknown> {
    const record = await this.find(key);
    return record === undefined || record.value === null ? undefined : decodeValue(record.value);
  }

  /** The record itself; while the first sync is running a miss asks the peers. */
  async find(key: string): Promise<StoredRecord | undefined> {
    const stored = this.#stored(key);
    const { core } = this.#driver.replica;
    const record = this.#live(stored);
    if (record !== undefined || core.ready) return record;
    return fetchFromPeers(this.#driver, stored, () => this.#clock.now());
  }

  getSync(key: string): unknown {
    const record = this.#live(this.#stored(key));
    return record === undefined || record.value === null ? undefined : decodeValue(record.value);
  }

  has(key: string): boolean {
    return this.#live(this.#stored(key)) !== undefined;
  }

  entry(key: string): Entry | undefined {
    const record = this.#live(this.#stored(key));
    return record === undefined ? undefined : toEntry(record);
  }

  *records({ limit = Infinity, ...bounds }: ListOptions = {}): Generator<StoredRecord, void> {
    this.#mustBeOpen();
    checkLimit(limit);
    let left = limit;
    if (left === 0) return;
    for (const record of this.#driver.replica.core.range(namespaceBounds(this.#namespace, bounds), this.#clock.now())) {
      yield record;
      if (--left === 0) return;
    }
  }

  async #write(key: string, value: Uint8Array | null, options: WriteOptions): Promise<WriteResult> {
    const { replica, acknowledgements } = this.#driver;
    const { acks, signal } = options;
    signal?.throwIfAborted();
    const timeoutMs = checkedTimeout(options.timeout) ?? defaultTimeoutMs;
    const needed = this.#needed(acks);
    const endMs = this.#clock.monotonic() + timeoutMs;
    const record = this.#store(key, value);
    const durable = replica.durable();
    if (durable !== undefined)
      await within(durable, { clock: this.#clock, timeoutMs, signal, late: () => new InDoubtError(0, needed) });
    let acknowledged = 1;
    if (needed > 1) {
      const leftMs = Math.max(0, endMs - this.#clock.monotonic());
      acknowledged = await acknowledgements.wait(record.seq, needed, leftMs, signal);
    } else {
      const pause = this.#pacer.wait();
      if (pause !== undefined) await pause;
    }
    return { version: versionOf(record), acknowledged };
  }

  #store(key: string, value: Uint8Array | null): StoredRecord {
    const { replica } = this.#driver;
    try {
      const record = replica.core.put({ key, value, expiresAt: 0 }, this.#clock.now());
      replica.touch();
      return record;
    } catch (cause) {
      if (SimpleDHTError.is(cause)) throw cause;
      throw new SimpleDHTError('ERR_STORE', 'The store did not take the write; nothing changed', { cause });
    }
  }

  /** The time is looked up only for a record that expires: it would be a twentieth of a read. */
  #live(stored: string): StoredRecord | undefined {
    const record = this.#driver.replica.core.get(stored, 0);
    if (record === undefined || record.expiresAt === 0) return record;
    return record.expiresAt > this.#clock.now() ? record : undefined;
  }

  #needed(acks: Acks | undefined): number {
    return acks === undefined || acks === 'local' ? 1 : neededMembers(acks, this.#driver.knownMembers);
  }

  #stored(key: string): string {
    this.#mustBeOpen();
    return storedKey(this.#namespace, checkKey(key));
  }
}
