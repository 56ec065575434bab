import { decodeValue, type StoredRecord } from '@simpledht/wire';
import { splitKey, type ChangeCause } from '@simpledht/storage';
import type { Change, Entry } from './types.ts';

/** Names a write for people and for comparison: equal on every node, different for every write of a key. */
export function versionOf({ hlc, writer }: Pick<StoredRecord, 'hlc' | 'writer'>): string {
  return `${hlc.toString(36)}-${writer}`;
}

export function toEntry(record: StoredRecord): Entry {
  return {
    key: splitKey(record.key).key,
    value: record.value === null ? undefined : decodeValue(record.value),
    version: versionOf(record),
    writer: record.writer,
    expiresAt: record.expiresAt === 0 ? undefined : record.expiresAt,
  };
}

/** The value is decoded by whoever reads it, not for every listener. */
export function toChange(record: StoredRecord, cause: ChangeCause): Change {
  return {
    ...splitKey(record.key),
    get value() {
      return record.value === null ? undefined : decodeValue(record.value);
    },
    deleted: record.value === null,
    expired: cause === 'expired',
    version: versionOf(record),
    writer: record.writer,
    local: cause === 'local',
  };
}
