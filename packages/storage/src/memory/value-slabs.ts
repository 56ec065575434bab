import type { NodeId, Origin, StoredRecord } from '@simpledht/wire';

/** Slabs grow to this size: large enough that a value costs its bytes and not an ArrayBuffer (220 bytes) more. */
const maxSlabBytes = 65_536;
const firstSlabBytes = 4_096;
/** Larger values keep an allocation of their own: the waste at a slab's end stays under 7 %. */
const maxSharedBytes = 4_096;

interface Slab {
  readonly bytes: Uint8Array;
  used: number;
  /** Bytes of records that the store still holds. */
  live: number;
  /** Everything put here while it was filled; bounded by the slab's size. */
  readonly records: SlabRecord[];
}

/** A stored record whose value is a view of a slab, made when it is read. Immutable to everyone outside this file. */
class SlabRecord implements StoredRecord {
  key: string;
  readonly hlc: number;
  readonly writer: NodeId;
  readonly expiresAt: number;
  readonly origin: Origin;
  readonly seq: number;
  #slab: Slab;
  #offset: number;
  readonly #length: number;
  #isHeld = true;

  constructor(record: StoredRecord, slab: Slab, length: number) {
    this.key = record.key;
    this.hlc = record.hlc;
    this.writer = record.writer;
    this.expiresAt = record.expiresAt;
    this.origin = record.origin;
    this.seq = record.seq;
    this.#slab = slab;
    this.#offset = slab.used;
    this.#length = length;
  }

  get value(): Uint8Array {
    return this.#slab.bytes.subarray(this.#offset, this.#offset + this.#length);
  }

  get slab(): Slab {
    return this.#slab;
  }

  get length(): number {
    return this.#length;
  }

  /** The store has it. A mark of its own: asking the store's map cost more than the copying (measured). */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  letGo(): void {
    this.#isHeld = false;
  }

  /** The same bytes at another place; nobody can tell. */
  move(slab: Slab): void {
    slab.bytes.set(this.value, slab.used);
    this.#slab = slab;
    this.#offset = slab.used;
  }
}

/**
 * Keeps values copied, so that none pins the datagram or page that it came in, and together, so that an entry costs
 * 0.8 of a bare Map's with a Uint8Array per value instead of 1.3 (measured: 100-byte values).
 *
 * 1. A place in a slab is never used twice, so a record that the store let go still reads its own bytes.
 * 2. A full slab that is less than half live is emptied into the current one: garbage is at most as much as what lives.
 */
export class ValueSlabs {
  #current: Slab = newSlab(firstSlabBytes);

  /** The record as it is to be kept. */
  keep(record: StoredRecord): StoredRecord {
    const { value } = record;
    if (value === null || value.length === 0) return record;
    if (value.length <= maxSharedBytes) return this.#share(record, value);
    return value.length === value.buffer.byteLength ? record : { ...record, value: value.slice() };
  }

  /** Tells that the store no longer holds a record that `keep` gave. */
  release(record: StoredRecord): void {
    if (!(record instanceof SlabRecord)) return;
    const { slab } = record;
    record.letGo();
    slab.live -= record.length;
    if (slab !== this.#current && slab.live * 2 < slab.used) this.#empty(slab);
  }

  #share(record: StoredRecord, value: Uint8Array): StoredRecord {
    const slab = this.#room(value.length);
    const kept = new SlabRecord(record, slab, value.length);
    slab.bytes.set(value, slab.used);
    this.#count(slab, kept, value.length);
    return kept;
  }

  #empty(slab: Slab): void {
    for (const record of slab.records) {
      // Moved before, when an older slab was emptied into this one and then overwritten: only its present place counts.
      if (record.slab !== slab || !record.isHeld) continue;
      const { length } = record;
      const room = this.#room(length);
      record.move(room);
      this.#count(room, record, length);
    }
    slab.live = 0;
    slab.records.length = 0;
  }

  #room(length: number): Slab {
    const { bytes, used } = this.#current;
    if (used + length > bytes.length) this.#current = newSlab(Math.min(maxSlabBytes, bytes.length * 2));
    return this.#current;
  }

  #count(slab: Slab, record: SlabRecord, length: number): void {
    slab.used += length;
    slab.live += length;
    slab.records.push(record);
  }
}

/**
 * Lets a kept record name its key by the string of the record before it: a Map keeps the first string that it was given,
 * and a second one would cost 50 bytes an entry and live as long.
 */
export function shareKey(record: StoredRecord, previous: StoredRecord): void {
  if (record instanceof SlabRecord) record.key = previous.key;
}

/** Length of a kept record's value without making a view of it, which costs more than all else here. */
export function valueBytes(record: StoredRecord): number {
  if (record instanceof SlabRecord) return record.length;
  return record.value === null ? 0 : record.value.length;
}

/** The same for the question whether there is a value. */
export function isTombstone(record: StoredRecord): boolean {
  return !(record instanceof SlabRecord) && record.value === null;
}

function newSlab(size: number): Slab {
  return { bytes: new Uint8Array(size), used: 0, live: 0, records: [] };
}
