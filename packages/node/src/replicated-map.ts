import { checkKey, namespaceBounds, storedKey, type Write } from '@simpledht/storage';
import type { Clock } from '@simpledht/transport';
import { decodeValue, encodeValue, SimpleDHTError, type StoredRecord } from '@simpledht/wire';
import type { Driver } from './driver/driver.ts';
import { fetchFromPeers } from './driver/fetch.ts';
import { checkTtl, expiryOf } from './map/expiry.ts';
import type { KeyCount } from './map/key-count.ts';
import { LocalWrites, type Terms } from './map/local-writes.ts';
import { validated, type StandardSchemaV1 } from './map/schema.ts';
import { checkBounds } from './options.ts';
import type { DeleteResult, Entry, ListOptions, PutOptions, WriteOptions, WriteResult } from './types.ts';
import { toEntry, versionOf } from './versions.ts';

const noOptions: PutOptions = {};

/** What is asked of the values and keys of a namespace, beyond what the node asks of all. */
export interface MapRules {
  readonly schema: StandardSchemaV1 | undefined;
  readonly keys: KeyCount | undefined;
  readonly ttl: number | undefined;
}

export interface MapParts {
  readonly driver: Driver;
  /** Throws unless the node is open: every verb begins with it. */
  readonly mustBeOpen: () => void;
  readonly clock: Clock;
  readonly namespace: string;
  readonly maxValueBytes: number;
  readonly rules?: MapRules | undefined;
}

/** One namespace of this node's replica: its keys and values as they are stored, and the verbs that are hot. */
export class ReplicatedMap {
  readonly writes: LocalWrites;
  readonly namespace: string;
  /** Throws unless the node is open. */
  readonly mustBeOpen: () => void;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #maxValueBytes: number;
  readonly #rules: MapRules | undefined;

  constructor({ driver, mustBeOpen, clock, namespace, maxValueBytes, rules }: MapParts) {
    this.#driver = driver;
    this.mustBeOpen = mustBeOpen;
    this.#clock = clock;
    this.namespace = namespace;
    this.#maxValueBytes = maxValueBytes;
    this.#rules = rules;
    this.writes = new LocalWrites(driver, clock);
  }

  /** One `async` function on the common way (acks local, nothing to flush): each more costs as much as the store. */
  async put(key: string, value: unknown, options: PutOptions = noOptions): Promise<WriteResult> {
    if (options !== noOptions || this.#rules !== undefined || this.#driver.durableStore)
      return this.#putWith(key, value, options);
    const stored = this.stored(key);
    const encoded = encodeValue(value, this.#maxValueBytes);
    const record = this.writes.put({ key: stored, value: encoded, expiresAt: 0 });
    const pause = this.writes.pause();
    if (pause !== undefined) await pause;
    return { version: versionOf(record), acknowledged: 1 };
  }

  /** For bytes that are a checked encoded value already. */
  async putEncoded(key: string, encoded: Uint8Array, options: PutOptions): Promise<WriteResult> {
    if (this.#rules?.schema !== undefined) return this.#putWith(key, decodeValue(encoded), options);
    const stored = this.stored(key);
    this.mustFit(encoded);
    const terms = this.terms(options);
    return this.writes.settle(this.write({ key: stored, value: encoded, expiresAt: this.expiry(options.ttl) }), terms);
  }

  async delete(key: string, options: WriteOptions = noOptions): Promise<DeleteResult> {
    const stored = this.stored(key);
    const terms = this.terms(options);
    const existed = this.live(stored) !== undefined;
    const record = this.write({ key: stored, value: null, expiresAt: 0 });
    return { ...(await this.writes.settle(record, terms)), existed };
  }

  async get(key: string): Promise<unknown> {
    return valueOf(await this.find(key));
  }

  /** The record itself; while the first sync is running a miss asks the peers. */
  async find(key: string): Promise<StoredRecord | undefined> {
    const stored = this.stored(key);
    const { core } = this.#driver.replica;
    const record = this.live(stored);
    if (record !== undefined || core.ready) return record;
    return fetchFromPeers(this.#driver, stored, () => this.#clock.now());
  }

  /** While the first sync is running, asks the peers for a key that is not here: then it can be judged here. */
  async met(key: string): Promise<void> {
    if (!this.#driver.replica.core.ready) await this.find(key);
  }

  getSync(key: string): unknown {
    const record = this.live(this.stored(key));
    return record === undefined || record.value === null ? undefined : decodeValue(record.value);
  }

  has(key: string): boolean {
    return this.live(this.stored(key)) !== undefined;
  }

  entry(key: string): Entry | undefined {
    const record = this.live(this.stored(key));
    return record === undefined ? undefined : toEntry(record);
  }

  *records(options: ListOptions = {}): Generator<StoredRecord, void> {
    this.mustBeOpen();
    checkBounds(options);
    const { limit = Infinity, ...bounds } = options;
    let left = limit;
    if (left === 0) return;
    for (const record of this.#driver.replica.core.range(namespaceBounds(this.namespace, bounds), this.#clock.now())) {
      yield record;
      if (--left === 0) return;
    }
  }

  /** The stored key of a user's. Throws unless the node is open and the key is one. */
  stored(key: string): string {
    this.mustBeOpen();
    return storedKey(this.namespace, checkKey(key));
  }

  /**
   * The record of a stored key, unless it is deleted or expired. The time is looked up only for a record that expires: it
   * would be a twentieth of a read.
   */
  live(stored: string): StoredRecord | undefined {
    const record = this.#driver.replica.core.get(stored, 0);
    if (record === undefined || record.expiresAt === 0) return record;
    return record.expiresAt > this.#clock.now() ? record : undefined;
  }

  /** A value as it is stored; a promise only when the schema needs to wait. */
  encoded(value: unknown): Uint8Array | Promise<Uint8Array> {
    const schema = this.#rules?.schema;
    if (schema === undefined) return encodeValue(value, this.#maxValueBytes);
    const valid = validated(schema, value);
    if (valid instanceof Promise) return valid.then((checked) => encodeValue(checked, this.#maxValueBytes));
    return encodeValue(valid, this.#maxValueBytes);
  }

  /** Absolute expiry of a write made now; `ttl` has been checked. */
  expiry(ttl: number | undefined): number {
    return expiryOf(ttl ?? this.#rules?.ttl, this.#clock.now());
  }

  /** Checks what a write is asked to wait for. */
  terms(options: WriteOptions & { readonly ttl?: number | undefined }): Terms {
    checkTtl(options.ttl);
    return this.writes.terms(options);
  }

  write(write: Write): StoredRecord {
    const growth = this.#admit([write]);
    const record = this.writes.put(write);
    this.#rules?.keys?.grow(growth);
    return record;
  }

  writeAll(writes: readonly Write[]): readonly StoredRecord[] {
    const growth = this.#admit(writes);
    const records = this.writes.batch(writes);
    this.#rules?.keys?.grow(growth);
    return records;
  }

  async #putWith(key: string, value: unknown, options: PutOptions): Promise<WriteResult> {
    const stored = this.stored(key);
    const terms = this.terms(options);
    const encoding = this.encoded(value);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    const record = this.write({ key: stored, value: encoded, expiresAt: this.expiry(options.ttl) });
    return this.writes.settle(record, terms);
  }

  /** The node may have stopped while a schema was asked. */
  #admit(writes: readonly Write[]): number {
    this.mustBeOpen();
    return this.#rules?.keys?.admit(writes) ?? 0;
  }

  /** Throws `ERR_VALUE_TOO_LARGE`. */
  mustFit({ length }: Uint8Array): void {
    if (length <= this.#maxValueBytes) return;
    throw new SimpleDHTError(
      'ERR_VALUE_TOO_LARGE',
      `The value takes ${String(length)} bytes; this node stores at most ${String(this.#maxValueBytes)} here`,
    );
  }
}

export function valueOf(record: StoredRecord | undefined): unknown {
  return record === undefined || record.value === null ? undefined : decodeValue(record.value);
}
