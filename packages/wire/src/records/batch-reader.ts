import type { BodyReader } from '../body/body-reader.ts';
import { MalformedError } from '../errors.ts';
import { originNode, type NodeId, type Origin } from '../ids.ts';
import { keySeparator, limits } from '../limits.ts';
import { recordFlags } from './batch-writer.ts';
import type { InvalidRecord, RecordBatch, StoredRecord } from '../record.ts';
import { readUtf8 } from '../utf8.ts';
import { originBytes } from './vectors.ts';

const nodeIdBytes = 16;
const knownFlags = Object.values(recordFlags).reduce<number>((all, flag) => all | flag, 0);
/** Flags, clock and key length. */
const minRecordBytes = 3;
const separatorByte = keySeparator.charCodeAt(0);

/** See `IdTable` of the writer. Bounded by the bytes of the message. */
class IdTable<Id extends string> {
  private readonly known: Id[] = [];
  private readonly idBytes: number;

  constructor(idBytes: number) {
    this.idBytes = idBytes;
  }

  read(reader: BodyReader): Id {
    const number = reader.varint();
    if (number === 0) {
      const id = reader.hex(this.idBytes) as Id;
      this.known.push(id);
      return id;
    }
    const id = this.known[number - 1];
    if (id === undefined) throw new MalformedError('layout', 'refers to an id that it has not named');
    return id;
  }
}

/** Reads what `RecordWriter` writes. */
export class RecordReader {
  private readonly reader: BodyReader;
  private readonly origins = new IdTable<Origin>(originBytes);
  private readonly writers = new IdTable<NodeId>(nodeIdBytes);
  private origin: Origin | undefined;
  private owner: NodeId | undefined;
  private sequence = 0;
  private clock = 0;

  constructor(reader: BodyReader) {
    this.reader = reader;
  }

  reference(): Origin {
    return this.origins.read(this.reader);
  }

  batch(): RecordBatch {
    const records: StoredRecord[] = [];
    const invalid: InvalidRecord[] = [];
    const count = this.reader.count(limits.maxRecordsPerMessage, minRecordBytes);
    for (let index = 0; index < count; index++) {
      const record = this.record();
      if ('reason' in record) invalid.push(record);
      else records.push(record);
    }
    return { records, invalid };
  }

  private record(): StoredRecord | InvalidRecord {
    const { reader } = this;
    const flags = reader.byte();
    if ((flags & ~knownFlags) !== 0) throw new MalformedError('layout', 'has a record with unknown flags');
    const origin = this.readOrigin(flags);
    const seq = flags & recordFlags.sequence ? reader.varint() : this.sequence + 1;
    const writer = flags & recordFlags.writer ? this.writers.read(reader) : (this.owner ?? originNode(origin));
    const step = reader.varint();
    const hlc = flags & recordFlags.earlier ? this.clock - step : this.clock + step;
    const expiresAt = flags & recordFlags.expires ? reader.varint() : 0;
    this.sequence = seq;
    this.clock = hlc;
    const key = this.key();
    const value = flags & recordFlags.tombstone ? null : reader.bytes(reader.varint());
    const record = { key, value, hlc, writer, expiresAt, origin, seq };
    const reason = outOfRange(record);
    return reason === undefined ? record : { origin, seq, reason };
  }

  /** '' for a key that no store may hold: not a namespace, the separator and a user key, or not valid UTF-8. */
  private key(): string {
    const length = this.reader.varint();
    const start = this.reader.skip(length);
    const end = start + length;
    const { source } = this.reader;
    return isStoredKey(source, start, end) ? (readUtf8(source, start, end) ?? '') : '';
  }

  private readOrigin(flags: number): Origin {
    if (flags & recordFlags.origin) {
      this.origin = this.reference();
      this.owner = originNode(this.origin);
    }
    if (this.origin === undefined) throw new MalformedError('layout', 'has a record without an origin');
    return this.origin;
  }
}

/**
 * Told by the bytes, where lengths are exact and a 0 is the separator only. The loop ends at the longest namespace: 127
 * steps, and one in the default namespace, whatever a peer sends.
 */
function isStoredKey(source: Uint8Array, start: number, end: number): boolean {
  const last = Math.min(end - 1, start + limits.maxNamespaceBytes);
  let separator = start;
  while (separator < last && source[separator] !== separatorByte) separator++;
  const keyBytes = end - separator - 1;
  return source[separator] === separatorByte && keyBytes >= 1 && keyBytes <= limits.maxKeyBytes;
}

/** The protocol's constants only: what is refused here is refused on every node, so that replicas stay equal. */
function outOfRange(record: StoredRecord): InvalidRecord['reason'] | undefined {
  if (record.key === '') return 'key';
  if (record.value !== null && record.value.length > limits.maxValueBytes) return 'value';
  if (record.hlc < 0 || record.hlc > limits.maxClock) return 'clock';
  if (record.expiresAt > limits.maxTimeMs) return 'expiry';
  if (record.seq === 0 || record.seq > limits.maxSequence) return 'sequence';
  return undefined;
}
