import { originNode, type NodeId, type Origin, type StoredRecord } from '@simpledht/wire';
import { storeError } from '../errors.ts';

/*
 * A record under its key, numbers big-endian:
 *   layout and flags u8 · hlc u64 · seq u48 · origin 24 bytes · [writer 16 bytes] · [expiry u64] · value to the end
 * The writer is left out when it owns the origin, as it nearly always does. 39 bytes beside key and value, mostly.
 */

const layoutVersion = 1 << 4;
const versionMask = 0xf0;
const tombstoneFlag = 1;
const expiryFlag = 2;
const writerFlag = 4;
const hlcAt = 1;
const seqAt = 9;
const originAt = 15;
const originBytes = 24;
const writerBytes = 16;
const baseBytes = originAt + originBytes;
const two32 = 4_294_967_296;

/** The part of a record that its places in the indexes follow from, and what it weighs. */
export interface RecordPlaces {
  readonly hlc: number;
  readonly origin: Origin;
  readonly seq: number;
  readonly expiresAt: number;
  readonly isTombstone: boolean;
  readonly valueBytes: number;
}

export function encodedBytes(record: StoredRecord): number {
  return headerBytes(flagsOf(record)) + (record.value?.length ?? 0);
}

/** Writes a record at `start`, where there is room for it; returns the place after it. */
export function writeRecord(record: StoredRecord, target: Buffer, start: number): number {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const flags = flagsOf(record);
  view.setUint8(start, layoutVersion | flags);
  writeU64(view, start + hlcAt, record.hlc);
  view.setUint16(start + seqAt, Math.floor(record.seq / two32));
  view.setUint32(start + seqAt + 2, record.seq >>> 0);
  target.write(record.origin, start + originAt, 'hex');
  let at = start + baseBytes;
  if ((flags & writerFlag) !== 0) {
    target.write(record.writer, at, 'hex');
    at += writerBytes;
  }
  if ((flags & expiryFlag) !== 0) {
    writeU64(view, at, record.expiresAt);
    at += 8;
  }
  if (record.value === null) return at;
  target.set(record.value, at);
  return at + record.value.length;
}

/** The record as it was written; its value is a view of `bytes`. Throws `ERR_STORE` when they are no record. */
export function readRecord(key: string, bytes: Buffer): StoredRecord {
  const flags = checkedFlags(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const origin = bytes.toString('hex', originAt, baseBytes) as Origin;
  const hasWriter = (flags & writerFlag) !== 0;
  const writer = hasWriter ? (bytes.toString('hex', baseBytes, baseBytes + writerBytes) as NodeId) : undefined;
  const start = headerBytes(flags);
  return {
    key,
    // A plain Uint8Array: `slice` of a Buffer would not copy.
    value:
      (flags & tombstoneFlag) !== 0
        ? null
        : new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start),
    hlc: readU64(view, hlcAt),
    writer: writer ?? originNode(origin),
    expiresAt: expiryOf(view, flags),
    origin,
    seq: view.getUint16(seqAt) * two32 + view.getUint32(seqAt + 2),
  };
}

/** Reads what the indexes need and leaves the value alone. Throws `ERR_STORE` when the bytes are no record. */
export function readPlaces(bytes: Buffer): RecordPlaces {
  const flags = checkedFlags(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    hlc: readU64(view, hlcAt),
    origin: bytes.toString('hex', originAt, baseBytes) as Origin,
    seq: view.getUint16(seqAt) * two32 + view.getUint32(seqAt + 2),
    expiresAt: expiryOf(view, flags),
    isTombstone: (flags & tombstoneFlag) !== 0,
    valueBytes: bytes.length - headerBytes(flags),
  };
}

/** The same of a record that is about to be written. */
export function placesOf(record: StoredRecord): RecordPlaces {
  const { hlc, origin, seq, expiresAt, value } = record;
  return { hlc, origin, seq, expiresAt, isTombstone: value === null, valueBytes: value?.length ?? 0 };
}

export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / two32));
  view.setUint32(at + 4, value >>> 0);
}

/** Throws `ERR_STORE` past the safe integers, where the number would be read as another. */
function readU64(view: DataView, at: number): number {
  const value = view.getUint32(at) * two32 + view.getUint32(at + 4);
  if (Number.isSafeInteger(value)) return value;
  throw damaged();
}

function flagsOf({ value, expiresAt, origin, writer }: StoredRecord): number {
  const isForeign = originNode(origin) !== writer;
  return (value === null ? tombstoneFlag : 0) | (expiresAt === 0 ? 0 : expiryFlag) | (isForeign ? writerFlag : 0);
}

function headerBytes(flags: number): number {
  return baseBytes + ((flags & writerFlag) === 0 ? 0 : writerBytes) + ((flags & expiryFlag) === 0 ? 0 : 8);
}

function expiryOf(view: DataView, flags: number): number {
  if ((flags & expiryFlag) === 0) return 0;
  return readU64(view, baseBytes + ((flags & writerFlag) === 0 ? 0 : writerBytes));
}

function checkedFlags(bytes: Uint8Array): number {
  const first = bytes[0] ?? 0;
  const flags = first & ~versionMask;
  const isValue = (flags & tombstoneFlag) === 0;
  const isWhole = isValue ? bytes.length >= headerBytes(flags) : bytes.length === headerBytes(flags);
  if ((first & versionMask) === layoutVersion && flags <= 7 && isWhole) return flags;
  throw damaged();
}

function damaged(): Error {
  return storeError('ERR_STORE', 'The store is damaged: a record in it cannot be read');
}
