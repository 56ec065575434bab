import { limits, type StoredRecord } from '@simpledht/wire';
import { compareOrigins } from './origin.ts';

/** Bytes that a record costs beside its key and value, on the wire and in windows: a guess that keeps empty records from being free. */
const recordOverheadBytes = 32;

/**
 * Total order between two records of one key; the larger one wins on every node. Larger hybrid logical clock, then
 * larger writer, then larger value (a tombstone is the smallest, but that of an expired write is larger than the write).
 * Expiry and dot only decide between copies of one write (a record that was given a new dot: the later origin is the
 * larger one), so that replicas end equal to the last byte.
 */
export function compareRecords(a: StoredRecord, b: StoredRecord): number {
  return compareWrites(a, b) || a.expiresAt - b.expiresAt || compareOrigins(a.origin, b.origin) || a.seq - b.seq;
}

/** The order without the dot: 0 means the same write. */
export function compareWrites(a: StoredRecord, b: StoredRecord): number {
  if (a.hlc !== b.hlc) return a.hlc - b.hlc;
  return compareText(a.writer, b.writer) || valueRank(a) - valueRank(b) || compareValues(a.value, b.value);
}

/** A deleted key, a value, a value that expired. */
function valueRank({ value, expiresAt }: StoredRecord): number {
  if (value !== null) return 1;
  return expiresAt === 0 ? 0 : 2;
}

/** What takes the place of a record whose time is over: its own tombstone. */
export function expiredOf({ key, hlc, writer, expiresAt, origin, seq }: StoredRecord): StoredRecord {
  return { key, value: null, hlc, writer, expiresAt, origin, seq };
}

/** Ids are lower-case hex, so the order of their text is the order of their bytes. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareValues(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return 0;
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Neither a tombstone nor expired. */
export function isLive(record: StoredRecord | undefined, wallMs: number): record is StoredRecord {
  return record !== undefined && record.value !== null && (record.expiresAt === 0 || record.expiresAt > wallMs);
}

/**
 * Judges a replicated record by protocol constants alone, so that every node judges alike. The codec has checked the
 * bytes of the key; what is left is what costs nothing to look at twice.
 */
export function isStorable({ key, value, hlc, seq }: StoredRecord): boolean {
  return (
    key.length > 0 &&
    key.length <= limits.maxStoredKeyBytes &&
    (value === null || value.length <= limits.maxValueBytes) &&
    hlc > 0 &&
    hlc <= limits.maxClock &&
    seq > 0 &&
    seq <= limits.maxSequence
  );
}

/** What a record counts for in windows and page sizes, bytes. */
export function recordBytes({ key, value }: StoredRecord): number {
  return recordOverheadBytes + key.length + (value === null ? 0 : value.length);
}
