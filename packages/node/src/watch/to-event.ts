import { splitKey, type ChangeCause } from '@simpledht/storage';
import { decodeValue, type StoredRecord, type VectorEntry } from '@simpledht/wire';
import { isExpiry, versionOf } from '../versions.ts';
import type { WatchEntry, WatchPut, WatchRemoval } from './events.ts';
import { tokenOf } from './token.ts';

/** A live record as an entry. Throws for a value that does not decode, as `changeEvent` does. */
export function entryEvent({ key, value, writer, expiresAt, hlc }: StoredRecord): WatchEntry<unknown> {
  return {
    type: 'entry',
    key: splitKey(key).key,
    value: value === null ? undefined : decodeValue(value),
    version: versionOf({ hlc, writer }),
    writer,
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
  };
}

/** What became of a key; `covered` is what a reader has seen with it. */
export function changeEvent(
  record: StoredRecord,
  covered?: readonly VectorEntry[],
  cause?: ChangeCause,
): WatchPut<unknown> | WatchRemoval<'delete'> | WatchRemoval<'expired'> {
  const { key, value, writer, expiresAt } = record;
  const common = {
    key: splitKey(key).key,
    version: versionOf(record),
    writer,
    /** Written only for who looks. */
    get token(): string | undefined {
      return covered === undefined ? undefined : tokenOf(covered);
    },
  };
  // Spreading would read the token of everyone, wanted or not.
  if (value === null) {
    if (isExpiry(record, cause)) return Object.assign(common, { type: 'expired', value: undefined } as const);
    return Object.assign(common, { type: 'delete', value: undefined } as const);
  }
  const read = { type: 'put', value: decodeValue(value), expiresAt: expiresAt === 0 ? undefined : expiresAt } as const;
  return Object.assign(common, read);
}
