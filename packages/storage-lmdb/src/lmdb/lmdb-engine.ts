import type { KeySpan } from '@simpledht/storage';
import { utf8Length, type Origin, type StoredRecord } from '@simpledht/wire';
import { asStoreError } from '../errors.ts';
import type { Changes, Engine } from '../overlay/engine.ts';
import { backupTo } from './backup.ts';
import { checkDataFile, type DataFileState } from './data-file.ts';
import { openDatabases, readCounts, type Counts, type Databases, type OpenOptions } from './databases.ts';
import { commitFailure, hasRoomFor, reading } from './failures.ts';
import { boundBytes, keyOfTime, sinceKey, textBytes, textOf, timeBound, timeKinds } from './index-keys.ts';
import { encodedBytes, readPlaces, readRecord } from './record-layout.ts';
import { scan, type ByteSpan } from './scan.ts';
import { commitChanges } from './transaction.ts';
import { verifyNow } from './verify.ts';

/** Times are whole numbers in the index; `Infinity` asks for all of them. */
const lastTime = Number.MAX_SAFE_INTEGER - 1;

/** The store's way to LMDB. Holds nothing in memory but the counts: LMDB's map is the cache, and the system bounds it. */
export class LmdbEngine implements Engine {
  readonly #databases: Databases;
  readonly #directory: string;
  readonly #onClosed: () => void;
  readonly #backups = new Set<Promise<void>>();
  #size: number;
  #bytes: number;

  constructor(options: OpenOptions, onClosed: () => void) {
    const state = checkDataFile(options.directory);
    this.#databases = openDatabases(options);
    this.#directory = options.directory;
    this.#onClosed = onClosed;
    const { size, bytes } = this.#checked(state);
    this.#size = size;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): StoredRecord | undefined {
    const bytes = reading(() => this.#databases.records.get(textBytes(key)));
    return bytes === undefined ? undefined : readRecord(key, bytes);
  }

  weigh(key: string): number | undefined {
    const bytes = reading(() => this.#databases.records.getBinaryFast(textBytes(key)));
    return bytes === undefined ? undefined : key.length + readPlaces(bytes).valueBytes;
  }

  *range(span: KeySpan, reverse: boolean): Generator<StoredRecord> {
    const bounds = byteSpan(span);
    if (bounds === undefined) return;
    for (const { key, value } of scan(this.#databases.records, bounds, reverse)) yield readRecord(textOf(key), value);
  }

  *since(origin: Origin, after: number): Generator<StoredRecord> {
    const span = { low: sinceKey(origin, after + 1), high: sinceKey(origin, Number.MAX_SAFE_INTEGER) };
    for (const { value } of scan(this.#databases.since, span)) yield* this.#recordAt(value);
  }

  *expiring(untilMs: number): Generator<StoredRecord> {
    yield* this.#byTime({
      low: timeBound(timeKinds.expiry, 0),
      high: timeBound(timeKinds.expiry, Math.min(Math.floor(untilMs), lastTime) + 1),
    });
  }

  *tombstones(before: number): Generator<StoredRecord> {
    yield* this.#byTime({
      low: timeBound(timeKinds.tombstone, 0),
      high: timeBound(timeKinds.tombstone, Math.min(Math.ceil(before), lastTime)),
    });
  }

  meta(name: string): Uint8Array | undefined {
    const bytes = reading(() => this.#databases.meta.get(textBytes(name)));
    return bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async commit(changes: Changes): Promise<void> {
    try {
      await commitChanges(this.#databases, changes);
    } catch (error) {
      throw await commitFailure(error, this.#directory, payloadOf(changes));
    } finally {
      // The next read takes a new snapshot, which has what was committed.
      this.#databases.root.resetReadTxn();
    }
    this.#size = changes.size;
    this.#bytes = changes.bytes;
  }

  hasRoom(changes: Changes): boolean {
    return hasRoomFor(this.#directory, payloadOf(changes));
  }

  backup(path: string): Promise<void> {
    const copying = backupTo(this.#databases, path);
    this.#backups.add(copying);
    const end = (): void => {
      this.#backups.delete(copying);
    };
    void copying.then(end, end);
    return copying;
  }

  /** After backups that are under way: LMDB reads from its map until they end. */
  async close(): Promise<void> {
    try {
      await Promise.allSettled(this.#backups);
      await this.#databases.root.close();
    } finally {
      this.#onClosed();
    }
  }

  /** A file that ends early is read as a whole before it is trusted. */
  #checked(state: DataFileState): Counts {
    try {
      if (state === 'short') verifyNow(this.#databases);
      return readCounts(this.#databases);
    } catch (cause) {
      void this.#databases.root.close();
      throw asStoreError(cause, `The store in ${this.#directory} is damaged`);
    }
  }

  *#byTime(span: ByteSpan): Generator<StoredRecord> {
    for (const { key } of scan(this.#databases.times, span)) yield* this.#recordAt(keyOfTime(key));
  }

  *#recordAt(key: Uint8Array): Generator<StoredRecord> {
    const bytes = reading(() => this.#databases.records.get(key));
    if (bytes !== undefined) yield readRecord(textOf(key), bytes);
  }
}

/** `undefined` when nothing can be inside: LMDB would take bounds that cross for others. */
function byteSpan({ low, high }: KeySpan): ByteSpan | undefined {
  const first = low === undefined ? undefined : boundBytes(low.key, low.inclusive ? 'at' : 'above');
  const past = high === undefined ? undefined : boundBytes(high.key, high.inclusive ? 'above' : 'at');
  if (first !== undefined && past !== undefined && Buffer.compare(first, past) >= 0) return undefined;
  return { low: first, high: past };
}

function payloadOf({ records, meta }: Changes): number {
  let bytes = 0;
  for (const record of records) bytes += encodedBytes(record) + utf8Length(record.key);
  for (const [, value] of meta) bytes += value.length;
  return bytes;
}
