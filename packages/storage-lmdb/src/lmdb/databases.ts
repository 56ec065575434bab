import { open, type Database, type RootDatabase } from 'lmdb';
import { asStoreError, storeError } from '../errors.ts';
import { textBytes } from './index-keys.ts';

/** What the databases of this version hold; another number is another layout. */
export const formatVersion = 1;

const formatKey = textBytes('format');
const countsKey = textBytes('counts');

type Bytes = Database<Buffer, Uint8Array>;

/** One LMDB environment: a directory with `data.mdb` and `lock.mdb`. */
export interface Databases {
  readonly root: RootDatabase<Buffer, Uint8Array>;
  /** Key → record. */
  readonly records: Bytes;
  /** Origin and number → key. */
  readonly since: Bytes;
  /** Expiry or clock of a tombstone, and key → nothing. */
  readonly times: Bytes;
  readonly meta: Bytes;
  /** Of the store itself: its format, and how much it holds. */
  readonly about: Bytes;
}

export interface OpenOptions {
  readonly directory: string;
  readonly sync?: boolean;
  readonly readOnly?: boolean;
}

/** Binary everywhere: lmdb-js's own encodings would neither keep the order of UTF-8 nor every byte. */
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Opens what is there, or makes it. Throws `ERR_STORE` when it is of another program or of a later version. */
export function openDatabases({ directory, sync = true, readOnly = false }: OpenOptions): Databases {
  let root: RootDatabase<Buffer, Uint8Array>;
  try {
    root = open<Buffer, Uint8Array>(directory, {
      ...binary,
      noSubdir: false,
      maxDbs: 8,
      readOnly,
      noSync: !sync,
      // LMDB's own way: a commit has settled when its data and its meta page are on the disk. One commit runs at a time
      // here, so there is nothing to overlap with (measured: 0.34 ms against 0.40 ms for a put alone).
      overlappingSync: false,
      // A commit is one explicit batch. lmdb-js's batch per event turn makes a promise that nobody can see: when a full
      // disk rejects it, the process ends as for any unhandled rejection.
      eventTurnBatching: false,
    });
  } catch (cause) {
    throw storeError('ERR_STORE', `${directory} does not open as a store`, cause);
  }
  try {
    return databasesOf(root, directory, readOnly);
  } catch (cause) {
    void root.close();
    throw asStoreError(cause, `${directory} does not open as a store`);
  }
}

function databasesOf(root: RootDatabase<Buffer, Uint8Array>, directory: string, readOnly: boolean): Databases {
  // A name ends in a zero byte there.
  const names = Array.from(root.getKeys(), (name) => Buffer.from(name).toString().replace(/\0$/, ''));
  if (names.length > 0 && !names.includes('about'))
    throw storeError('ERR_STORE', `${directory} holds the data of another program`);
  const database = (name: string): Bytes => openDatabase(root, name);
  const about = database('about');
  const format = about.get(formatKey)?.[0];
  if (format === undefined && (readOnly || names.length > 0))
    throw storeError('ERR_STORE', `${directory} is damaged: it does not say which format it has`);
  if (format !== undefined && format !== formatVersion)
    throw storeError(
      'ERR_STORE',
      `${directory} has format ${String(format)}, which this version cannot read: it reads format ${String(formatVersion)}`,
    );
  const databases = { root, about, records: database('records'), since: database('since') };
  const all = { ...databases, times: database('times'), meta: database('meta') };
  // Last: a start that was cut off before it is made anew from here.
  if (format === undefined) about.putSync(formatKey, Buffer.of(formatVersion));
  return all;
}

function openDatabase(root: RootDatabase<Buffer, Uint8Array>, name: string): Bytes {
  const database = root.openDB<Buffer, Uint8Array>(name, { ...binary }) as Bytes | undefined;
  if (database !== undefined) return database;
  throw storeError('ERR_STORE', `The store is damaged: its part "${name}" is missing`);
}

/** Records and bytes held, as they were committed with them. */
export interface Counts {
  readonly size: number;
  readonly bytes: number;
}

export function readCounts({ about }: Databases): Counts {
  const bytes = about.get(countsKey);
  if (bytes === undefined) return { size: 0, bytes: 0 };
  if (bytes.length !== 16) throw storeError('ERR_STORE', 'The store is damaged: its counts cannot be read');
  return { size: bytes.readDoubleBE(0), bytes: bytes.readDoubleBE(8) };
}

/** Adds the counts to the transaction that is being put together. */
export function putCounts({ about }: Databases, { size, bytes }: Counts): void {
  const value = Buffer.allocUnsafeSlow(16);
  value.writeDoubleBE(size, 0);
  value.writeDoubleBE(bytes, 8);
  void about.put(countsKey, value);
}
