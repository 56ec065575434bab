import { BodyReader } from '../body/body-reader.ts';
import { BodyWriter, maxVarintBytes } from '../body/body-writer.ts';
import { MalformedError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { RecordBatch } from '../record.ts';
import { RecordReader } from '../records/batch-reader.ts';
import { RecordWriter } from '../records/batch-writer.ts';
import { estimateBytes } from '../records/batch.ts';
import { originBytes, readFloors, readRetired, readVector, writeFloors, writeVector } from '../records/vectors.ts';
import { anyInteger, boolean, bytesOf, integer, nodeId, orEmpty, origin, text, vector } from './fields.ts';
import { fieldsCodec, named, type MessageCodec } from './message-codec.ts';
import type {
  BucketRequest,
  Buckets,
  Covered,
  Delta,
  DeltaRange,
  Digest,
  Fetch,
  Fetched,
  Page,
  PageRequest,
} from './replication.ts';
import { readUtf8 } from '../utf8.ts';

const half = integer(0xffff_ffff);
const storedKey = text(limits.maxStoredKeyBytes);

export const digest: MessageCodec<Digest> = fieldsCodec(0x20, 'digest', {
  from: nodeId,
  origin: orEmpty(origin),
  ready: boolean,
  durable: boolean,
  behind: boolean,
  unsettled: boolean,
  hlc: anyInteger,
  vector,
  retired: vector,
  count: anyInteger,
  sumHigh: half,
  sumLow: half,
});

/** Ranges, then the batch; both name origins in one table. The hot path: one of these carries every write. */
export const delta: MessageCodec<Delta> = {
  kind: 'delta',
  code: 0x21,
  encode: (message) => {
    const writer = new BodyWriter(estimateBytes(message.records) + message.ranges.length * maxRangeBytes);
    writer.byte(delta.code);
    const records = new RecordWriter(writer);
    writeRanges(writer, records, message.ranges);
    records.batch(message.records);
    return writer.finish();
  },
  decode: (body) =>
    layout('delta', body, (reader) => {
      const records = new RecordReader(reader);
      const ranges = readRanges(reader, records);
      return { kind: 'delta', ranges, ...withInvalid(records.batch()) };
    }),
};

export const covered: MessageCodec<Covered> = fieldsCodec(0x22, 'covered', {
  from: nodeId,
  joining: boolean,
  unsettled: boolean,
  vector,
});

export const pageRequest: MessageCodec<PageRequest> = fieldsCodec(0x23, 'page-request', {
  after: storedKey,
  maxBytes: anyInteger,
  skip: integer(limits.maxSkippedPages),
  buckets: bytesOf(limits.buckets / 8),
});

/** Done or not, total, both keys, vector, floors, retired origins, then the batch. */
export const page: MessageCodec<Page> = {
  kind: 'page',
  code: 0x24,
  encode: (message) => {
    const writer = new BodyWriter(estimateBytes(message.records));
    writer.byte(page.code);
    writer.byte(message.done ? 1 : 0);
    writer.varint(message.total);
    writeKey(writer, message.after);
    writeKey(writer, message.reached);
    writeVector(writer, message.vector);
    writeFloors(writer, message.floors);
    writeVector(writer, message.retired);
    new RecordWriter(writer).batch(message.records);
    return writer.finish();
  },
  decode: (body) =>
    layout('page', body, (reader) => {
      const flag = reader.byte();
      if (flag > 1) throw new MalformedError('layout', 'has unknown flags');
      const total = reader.varint();
      const [after, reached] = [readKey(reader), readKey(reader)];
      const covered = { vector: readVector(reader), floors: readFloors(reader), retired: readRetired(reader) };
      const records = withInvalid(new RecordReader(reader).batch());
      return { kind: 'page', total, after, reached, ...covered, done: flag === 1, ...records };
    }),
};

export const fetch: MessageCodec<Fetch> = fieldsCodec(0x25, 'fetch', { key: storedKey });

export const fetched: MessageCodec<Fetched> = {
  kind: 'fetched',
  code: 0x26,
  encode: (message) => {
    const writer = new BodyWriter(estimateBytes(message.records));
    writer.byte(fetched.code);
    new RecordWriter(writer).batch(message.records);
    return writer.finish();
  },
  decode: (body) =>
    layout('fetched', body, (reader) => ({ kind: 'fetched', ...withInvalid(new RecordReader(reader).batch()) })),
};

export const bucketRequest: MessageCodec<BucketRequest> = fieldsCodec(0x27, 'bucket-request', {});

export const buckets: MessageCodec<Buckets> = fieldsCodec(0x28, 'buckets', { sums: bytesOf(limits.buckets * 8) });

function writeKey(writer: BodyWriter, key: string): void {
  writer.reserve(maxVarintBytes + key.length * 3);
  writer.text(key);
}

function readKey(reader: BodyReader): string {
  const length = reader.varint();
  const start = reader.skip(length);
  const key = length > limits.maxStoredKeyBytes ? undefined : readUtf8(reader.source, start, start + length);
  if (key === undefined) throw new MalformedError('layout', 'has a key that is none');
  return key;
}

/** An origin in full and three sequence numbers. */
const maxRangeBytes = 1 + originBytes + 3 * maxVarintBytes;
const minRangeBytes = 4;

function writeRanges(writer: BodyWriter, records: RecordWriter, ranges: readonly DeltaRange[]): void {
  writer.reserve(maxVarintBytes + ranges.length * maxRangeBytes);
  writer.varint(ranges.length);
  for (const range of ranges) {
    records.reference(range.origin);
    writer.varint(range.from);
    writer.varint(range.to - range.from);
    writer.varint(range.more ?? 0);
  }
}

function readRanges(reader: BodyReader, records: RecordReader): DeltaRange[] {
  const ranges: DeltaRange[] = [];
  for (let left = reader.count(limits.maxOrigins, minRangeBytes); left > 0; left--) {
    const rangeOrigin = records.reference();
    const from = reader.varint();
    const to = from + reader.varint();
    const more = reader.varint();
    if (to + more > limits.maxSequence) throw new MalformedError('layout', 'has a range past the last sequence number');
    ranges.push(more === 0 ? { origin: rangeOrigin, from, to } : { origin: rangeOrigin, from, to, more });
  }
  return ranges;
}

/** `invalid` is there only when it says something. */
function withInvalid({ records, invalid }: RecordBatch): Pick<Delta, 'records' | 'invalid'> {
  return invalid.length === 0 ? { records } : { records, invalid };
}

/** A fixed layout ends where its body ends: what a later version adds to one is a new kind. */
function layout<M>(kind: string, body: Uint8Array, read: (reader: BodyReader) => M): M {
  return named(kind, () => {
    const reader = new BodyReader(body, 1);
    const message = read(reader);
    reader.end();
    return message;
  });
}
