import { utf8Length, writeUtf8, type StoredRecord } from '@simpledht/wire';
import type { Changes } from '../overlay/engine.ts';
import { putCounts, type Databases } from './databases.ts';
import { sinceKey, textBytes, timeKey } from './index-keys.ts';
import { encodedBytes, placesOf, readPlaces, writeRecord, type RecordPlaces } from './record-layout.ts';

const nothing = Buffer.alloc(0);

interface Encoded {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly places: RecordPlaces;
}

/**
 * Queues all of one commit as one transaction. Settles when LMDB has it on the disk. What is replaced leaves the indexes
 * before anything new enters them, for a number may go from one key to another.
 */
export async function commitChanges(databases: Databases, changes: Changes): Promise<void> {
  const encoded = encodeAll(changes.records);
  const removed = changes.removed.map(textBytes);
  const replaced = [...encoded.map(({ key }) => key), ...removed].map((key) => placesAt(databases, key));
  const { root, records, since, times, meta } = databases;
  await root.batch(() => {
    for (const [index, key] of [...encoded.map((one) => one.key), ...removed].entries()) {
      const places = replaced[index];
      if (places !== undefined) leaveIndexes(databases, places, key);
    }
    for (const key of removed) void records.remove(key);
    for (const { key, value, places } of encoded) {
      void records.put(key, value);
      void since.put(sinceKey(places.origin, places.seq), key);
      const time = timeKey(places, key);
      if (time !== undefined) void times.put(time, nothing);
    }
    for (const [name, value] of changes.meta) void meta.put(textBytes(name), Buffer.from(value));
    putCounts(databases, changes);
  });
}

function leaveIndexes({ since, times }: Databases, places: RecordPlaces, key: Buffer | Uint8Array): void {
  void since.remove(sinceKey(places.origin, places.seq));
  const time = timeKey(places, key);
  if (time !== undefined) void times.remove(time);
}

function placesAt({ records }: Databases, key: Uint8Array): RecordPlaces | undefined {
  const bytes = records.getBinaryFast(key);
  return bytes === undefined ? undefined : readPlaces(bytes);
}

/** In one buffer, which lmdb-js reads from another thread until the commit: it asks for a buffer's address only once. */
function encodeAll(records: readonly StoredRecord[]): Encoded[] {
  const sizes = records.map((record) => utf8Length(record.key) + encodedBytes(record));
  const target = Buffer.allocUnsafeSlow(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  return records.map((record) => {
    const valueAt = writeUtf8(record.key, target, at);
    const end = writeRecord(record, target, valueAt);
    const encoded = { key: target.subarray(at, valueAt), value: target.subarray(valueAt, end) };
    at = end;
    return { ...encoded, places: placesOf(record) };
  });
}
