import { decodeValue, type StoredRecord } from '@simpledht/wire';
import { splitKey, type ChangeCause } from '@simpledht/storage';
import type { Change, Entry } from './types.ts';

const lowDigits = 5;
/** 36 to the power of `lowDigits`: what is below fits a small integer, and so does what is above. */
const lowRange = 60_466_176;

/** The upper digits last made: they are the same for 15 s of clock. */
let upper = { digits: 0, text: '0' };

/**
 * Names a write for people and for comparison: equal on every node, different for every write of a key. The clock in
 * base 36, in two parts, because `toString` of a number this large takes six times as long.
 */
export function versionOf({ hlc, writer }: Pick<StoredRecord, 'hlc' | 'writer'>): string {
  if (hlc < lowRange) return `${hlc.toString(36)}-${writer}`;
  const digits = Math.floor(hlc / lowRange);
  if (digits !== upper.digits) upper = { digits, text: digits.toString(36) };
  return `${upper.text}${(hlc - digits * lowRange).toString(36).padStart(lowDigits, '0')}-${writer}`;
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

/** A key's time was over, noticed here or told by a member that noticed first. */
export function isExpiry({ value, expiresAt }: StoredRecord, cause?: ChangeCause): boolean {
  return cause === 'expired' || (value === null && expiresAt !== 0);
}

/** The value is decoded by whoever reads it, not for every listener. */
export function toChange(record: StoredRecord, cause: ChangeCause): Change {
  return {
    ...splitKey(record.key),
    get value() {
      return record.value === null ? undefined : decodeValue(record.value);
    },
    deleted: record.value === null,
    expired: isExpiry(record, cause),
    version: versionOf(record),
    writer: record.writer,
    local: cause === 'local',
  };
}
