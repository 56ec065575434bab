import { BodyReader } from '../body/body-reader.ts';
import { BodyWriter, maxVarintBytes } from '../body/body-writer.ts';
import { MalformedError } from '../errors.ts';
import type { Origin } from '../ids.ts';
import { limits } from '../limits.ts';
import type { Floor, VectorEntry } from '../record.ts';

/** Bytes of an origin, raw. */
export const originBytes = 24;

/**
 * A version vector: count, then for each entry the origin (24 bytes), the watermark, the number of intervals and for each
 * of these the gap to what comes before it (less the one that must be there) and its length less one; all varints.
 */
export function encodeVector(vector: readonly VectorEntry[]): Uint8Array {
  const writer = new BodyWriter(maxVarintBytes);
  writeVector(writer, vector);
  return writer.finish();
}

/** Throws `MalformedError`; every invariant that `VectorEntry` names holds for what is returned. */
export function decodeVector(bytes: Uint8Array): VectorEntry[] {
  return whole(bytes, readVector);
}

/** Like `decodeVector`, for what `readRetired` reads. */
export function decodeRetired(bytes: Uint8Array): VectorEntry[] {
  return whole(bytes, readRetired);
}

/** Floors: count, then for each the origin (24 bytes), the sequence number and the clock as varints. */
export function encodeFloors(floors: readonly Floor[]): Uint8Array {
  const writer = new BodyWriter(maxVarintBytes);
  writeFloors(writer, floors);
  return writer.finish();
}

/** Throws `MalformedError`. */
export function decodeFloors(bytes: Uint8Array): Floor[] {
  return whole(bytes, readFloors);
}

export function writeVector(writer: BodyWriter, vector: readonly VectorEntry[]): void {
  writer.reserve(maxVarintBytes + vector.length * (originBytes + 2 * maxVarintBytes));
  writer.varint(vector.length);
  for (const { origin, watermark, intervals } of vector) {
    writer.reserve(originBytes + 2 * maxVarintBytes * (intervals.length + 1));
    writer.hex(origin);
    writer.varint(watermark);
    writer.varint(intervals.length);
    let end = watermark;
    for (const [first, last] of intervals) {
      writer.varint(first - end - 2);
      writer.varint(last - first);
      end = last;
    }
  }
}

export function readVector(reader: BodyReader): VectorEntry[] {
  return readEntries(reader, limits.maxOrigins);
}

/** Retired origins: a vector that may name more of them. */
export function readRetired(reader: BodyReader): VectorEntry[] {
  return readEntries(reader, limits.maxRetiredOrigins);
}

function readEntries(reader: BodyReader, maxEntries: number): VectorEntry[] {
  const vector: VectorEntry[] = [];
  for (let left = reader.count(maxEntries, originBytes + 2); left > 0; left--) {
    const origin = reader.hex(originBytes) as Origin;
    const watermark = inSequence(reader.varint());
    vector.push({ origin, watermark, intervals: readIntervals(reader, watermark) });
  }
  assertDistinct(vector);
  return vector;
}

function readIntervals(reader: BodyReader, watermark: number): [number, number][] {
  const intervals: [number, number][] = [];
  let end = watermark;
  for (let left = reader.count(limits.maxIntervals, 2); left > 0; left--) {
    const first = end + 2 + reader.varint();
    end = inSequence(first + reader.varint());
    intervals.push([first, end]);
  }
  return intervals;
}

export function writeFloors(writer: BodyWriter, floors: readonly Floor[]): void {
  writer.reserve(maxVarintBytes + floors.length * (originBytes + 2 * maxVarintBytes));
  writer.varint(floors.length);
  for (const floor of floors) {
    writer.hex(floor.origin);
    writer.varint(floor.seq);
    writer.varint(floor.hlc);
  }
}

export function readFloors(reader: BodyReader): Floor[] {
  const floors: Floor[] = [];
  for (let left = reader.count(limits.maxOrigins, originBytes + 2); left > 0; left--) {
    const origin = reader.hex(originBytes) as Origin;
    floors.push({ origin, seq: inSequence(reader.varint()), hlc: reader.varint() });
  }
  assertDistinct(floors);
  return floors;
}

function whole<T>(bytes: Uint8Array, read: (reader: BodyReader) => T): T {
  const reader = new BodyReader(bytes);
  const result = read(reader);
  reader.end();
  return result;
}

function inSequence(value: number): number {
  if (value > limits.maxSequence) throw new MalformedError('layout', 'has a sequence number out of range');
  return value;
}

function assertDistinct(entries: readonly { readonly origin: Origin }[]): void {
  if (new Set(entries.map((entry) => entry.origin)).size !== entries.length) {
    throw new MalformedError('layout', 'names an origin twice');
  }
}
