import { maxVarintBytes, type BodyWriter } from '../body/body-writer.ts';
import { MalformedError } from '../errors.ts';
import { originNode, type NodeId, type Origin } from '../ids.ts';
import { limits } from '../limits.ts';
import type { StoredRecord } from '../record.ts';
import { utf8Length } from '../utf8.ts';

/** First byte of a record: what follows, and what is as in the record before it. The two high bits are 0. */
export const recordFlags = {
  tombstone: 0x01,
  expires: 0x02,
  /** A reference to the origin follows; otherwise it is the last record's. */
  origin: 0x04,
  /** The sequence number follows; otherwise it is the last record's and one. */
  sequence: 0x08,
  /** A reference to the writer follows; otherwise it is the node that owns the origin. */
  writer: 0x10,
  /** The clock went back by what follows, instead of on. */
  earlier: 0x20,
} as const;

/** Flags, origin and writer introduced, sequence, clock, expiry, both lengths. */
const maxFixedBytes = 1 + 25 + 17 + 3 * maxVarintBytes + 2 + 4;

/**
 * Bytes that a record takes in a batch that knows its origin and its writer already: never less than it will take, by
 * about 25 bytes more. Each origin new to the batch adds 24 bytes, each writer that does not own its origin 16.
 */
export function recordBytes(record: StoredRecord): number {
  // Flags, two references, sequence, clock, two lengths.
  const fixed = 1 + 4 + 4 + maxVarintBytes + maxVarintBytes + 2 + 4 + (record.expiresAt > 0 ? maxVarintBytes : 0);
  return fixed + utf8Length(record.key) + (record.value?.length ?? 0);
}

/** Ids that a batch has named so far: the first time in full after a 0, then by a number from 1. */
class IdTable {
  private readonly known = new Map<string, number>();

  write(writer: BodyWriter, id: string): void {
    const number = this.known.get(id);
    writer.varint(number ?? 0);
    if (number !== undefined) return;
    this.known.set(id, this.known.size + 1);
    writer.hex(id);
  }
}

/** Writes one batch, or the delta ranges and then the batch of one message, which share the table of origins. */
export class RecordWriter {
  private readonly writer: BodyWriter;
  private readonly origins = new IdTable();
  private readonly writers = new IdTable();
  private origin: Origin | undefined;
  private owner: NodeId | undefined;
  private sequence = 0;
  private clock = 0;

  constructor(writer: BodyWriter) {
    this.writer = writer;
  }

  reference(origin: Origin): void {
    this.origins.write(this.writer, origin);
  }

  batch(records: readonly StoredRecord[]): void {
    if (records.length > limits.maxRecordsPerMessage)
      throw new MalformedError('layout', 'too many records for a message');
    this.writer.reserve(maxVarintBytes);
    this.writer.varint(records.length);
    for (const record of records) this.record(record);
  }

  private record(record: StoredRecord): void {
    const { writer } = this;
    const { key, value, hlc } = record;
    writer.reserve(maxFixedBytes + key.length * 3 + (value?.length ?? 0));
    const flags = this.flags(record);
    writer.byte(flags);
    if (flags & recordFlags.origin) this.reference(record.origin);
    if (flags & recordFlags.sequence) writer.varint(record.seq);
    if (flags & recordFlags.writer) this.writers.write(writer, record.writer);
    writer.varint(flags & recordFlags.earlier ? this.clock - hlc : hlc - this.clock);
    if (flags & recordFlags.expires) writer.varint(record.expiresAt);
    writer.text(key);
    if (value !== null) {
      writer.varint(value.length);
      writer.bytes(value);
    }
    this.sequence = record.seq;
    this.clock = hlc;
  }

  private flags(record: StoredRecord): number {
    let flags = 0;
    if (record.origin !== this.origin) {
      this.origin = record.origin;
      this.owner = originNode(record.origin);
      flags = recordFlags.origin;
    }
    if (record.seq !== this.sequence + 1) flags |= recordFlags.sequence;
    if (record.writer !== this.owner) flags |= recordFlags.writer;
    if (record.hlc < this.clock) flags |= recordFlags.earlier;
    if (record.expiresAt !== 0) flags |= recordFlags.expires;
    return record.value === null ? flags | recordFlags.tombstone : flags;
  }
}
