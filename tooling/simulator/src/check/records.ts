import { splitKey } from '@simpledht/storage';
import { decodeValue, type StoredRecord } from '@simpledht/wire';

/** By what a write is known, whatever its dot and whether it has expired. */
export function writeId({ key, hlc, writer }: StoredRecord): string {
  return `${key} ${String(hlc)} ${writer}`;
}

/** Whether `a` is an earlier write than `b`, of the same key. */
export function isOlder(a: StoredRecord, b: StoredRecord): boolean {
  return a.hlc === b.hlc ? a.writer < b.writer : a.hlc < b.hlc;
}

/** What a user named the value, or `undefined` for a tombstone. */
export function valueOf({ value }: StoredRecord): number | undefined {
  if (value === null) return undefined;
  const decoded = decodeValue(value);
  const named: unknown = typeof decoded === 'object' && decoded !== null ? Reflect.get(decoded, 'v') : undefined;
  return typeof named === 'number' ? named : -1;
}

/** As users see it. */
export function versionOf({ hlc, writer }: StoredRecord): string {
  return `${hlc.toString(36)}-${writer}`;
}

export function told(record: StoredRecord | undefined): string {
  if (record === undefined) return 'nothing';
  const { key, hlc, writer, value, expiresAt, origin, seq } = record;
  const what = value === null ? 'tombstone' : `value ${String(valueOf(record))}`;
  const until = expiresAt === 0 ? '' : ` until ${String(expiresAt)}`;
  const dot = `${origin.slice(0, 6)}…${origin.slice(-6)}:${String(seq)}`;
  return `${splitKey(key).key} = ${what}${until} at ${String(hlc)} by ${writer.slice(0, 8)} (${dot})`;
}
