import type { NodeId, Origin, StoredRecord } from '@simpledht/wire';

const writer = '0a'.repeat(16) as NodeId;
export const origin = `${writer}${'01'.repeat(8)}` as Origin;
export const otherOrigin = `${'0b'.repeat(16)}${'02'.repeat(8)}` as Origin;

/** A record of `origin`; `text` null is a tombstone. */
export function record(key: string, seq: number, text: string | null = `value ${String(seq)}`): StoredRecord {
  const value = text === null ? null : new TextEncoder().encode(text);
  return { key, value, hlc: 4_096 * seq, writer, expiresAt: 0, origin, seq };
}

/** Every field, whatever kind of object the store made of it. */
export function fields(given: StoredRecord | undefined): unknown[] {
  if (given === undefined) return ['nothing'];
  const value = given.value === null ? null : [...given.value];
  return [given.key, value, given.hlc, given.writer, given.expiresAt, given.origin, given.seq];
}

export function keysOf(records: Iterable<StoredRecord>): string[] {
  return Array.from(records, ({ key }) => key);
}
