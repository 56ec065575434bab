import type { Database } from 'lmdb';
import { reading } from './failures.ts';
import { after } from './index-keys.ts';

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** `low` is inside, `high` is not; what is not given is open. */
export interface ByteSpan {
  readonly low?: Uint8Array | undefined;
  readonly high?: Uint8Array | undefined;
}

const firstChunk = 16;
const largestChunk = 512;
/** A chunk ends here even when it has few entries: values may be large. */
const chunkBytes = 1_048_576;

/**
 * Entries in key order, lazily. Reads a chunk at a time and keeps no cursor open between them: an open one would hold a
 * snapshot, and LMDB reuses no page that a snapshot may see.
 */
export function* scan(database: Database<Buffer, Uint8Array>, span: ByteSpan, reverse = false): Generator<Entry> {
  let { low, high } = span;
  for (let limit = firstChunk; ; limit = Math.min(largestChunk, limit * 2)) {
    const bounds = { low, high };
    const chunk = reading(() => (reverse ? takeDown(database, bounds, limit) : takeUp(database, bounds, limit)));
    yield* chunk.entries;
    const last = chunk.entries.at(-1);
    if (chunk.isLast || last === undefined) return;
    if (reverse) high = last.key;
    else low = after(last.key);
  }
}

interface Chunk {
  readonly entries: readonly Entry[];
  /** There is nothing behind it. */
  readonly isLast: boolean;
}

function takeUp(database: Database<Buffer, Uint8Array>, { low, high }: ByteSpan, limit: number): Chunk {
  const options = { ...(low === undefined ? {} : { start: low }), ...(high === undefined ? {} : { end: high }) };
  return fill(database.getRange(options) as Iterable<Entry>, undefined, limit);
}

function takeDown(database: Database<Buffer, Uint8Array>, { low, high }: ByteSpan, limit: number): Chunk {
  // Of every key the first byte is at least 0, and no key is empty.
  const end = low ?? Buffer.of(0);
  const options = { reverse: true, end, inclusiveEnd: true, ...(high === undefined ? {} : { start: high }) };
  return fill(database.getRange(options) as Iterable<Entry>, high, limit);
}

function fill(range: Iterable<Entry>, excluded: Uint8Array | undefined, limit: number): Chunk {
  const entries: Entry[] = [];
  let bytes = 0;
  for (const entry of range) {
    if (excluded !== undefined && Buffer.compare(entry.key, excluded) >= 0) continue;
    entries.push(entry);
    bytes += entry.value.length;
    if (entries.length >= limit || bytes >= chunkBytes) return { entries, isLast: false };
  }
  return { entries, isLast: true };
}
