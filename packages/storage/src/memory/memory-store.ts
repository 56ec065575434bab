import { SimpleDHTError, type Origin, type StoredRecord } from '@simpledht/wire';
import { spanOf, type KeySpan } from '../key-order.ts';
import type { KeyBounds, Store, StoreBatch } from '../store.ts';
import { KeyIndex } from './key-index.ts';
import { SequenceIndex } from './sequence-index.ts';
import { TimeIndex } from './time-index.ts';
import { isTombstone, shareKey, ValueSlabs, valueBytes } from './value-slabs.ts';

/** Keys fetched from the index at a time: few at first, since many ranges are left early. */
const firstChunk = 16;
const largestChunk = 512;

/** A store that lives and dies with the process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

/** Everything in it is bounded by the records that the replica puts here; the replica bounds those. */
class MemoryStore implements Store {
  readonly #records = new Map<string, StoredRecord>();
  readonly #logs = new Map<Origin, SequenceIndex>();
  readonly #meta = new Map<string, Uint8Array>();
  readonly #keys = new KeyIndex(this.#records);
  readonly #values = new ValueSlabs();
  readonly #expiring = new TimeIndex(
    (record) => this.#isHeld(record),
    ({ expiresAt }) => expiresAt,
  );
  readonly #tombstones = new TimeIndex(
    (record) => this.#isHeld(record),
    ({ hlc }) => hlc,
  );
  readonly durable = false;
  #bytes = 0;
  #isClosed = false;

  get size(): number {
    return this.#records.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): StoredRecord | undefined {
    if (this.#isClosed) throw closedError();
    return this.#records.get(key);
  }

  range(bounds: KeyBounds = {}): Iterable<StoredRecord> {
    this.#assertOpen();
    return this.#walk(spanOf(bounds), bounds.reverse ?? false);
  }

  since(origin: Origin, after: number, limit: number): readonly StoredRecord[] {
    this.#assertOpen();
    return this.#logs.get(origin)?.since(after, limit) ?? [];
  }

  expiring(untilMs: number, limit: number): readonly StoredRecord[] {
    this.#assertOpen();
    return this.#expiring.first(untilMs, limit);
  }

  tombstones(before: number, limit: number): readonly StoredRecord[] {
    this.#assertOpen();
    return this.#tombstones.first(before - 1, limit);
  }

  meta(name: string): Uint8Array | undefined {
    this.#assertOpen();
    return this.#meta.get(name);
  }

  apply({ records, removed, meta }: StoreBatch): void {
    this.#assertOpen();
    // Copying a value is all that can fail; nothing has changed until all are copied.
    const kept = records?.map((record) => this.#values.keep(record)) ?? [];
    for (const record of kept) this.#put(record);
    if (removed !== undefined) for (const key of removed) this.#remove(key);
    if (meta !== undefined) for (const [name, value] of meta) this.#meta.set(name, value);
  }

  flush(): undefined {
    this.#assertOpen();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#records.clear();
    this.#logs.clear();
    this.#expiring.clear();
    this.#tombstones.clear();
    this.#meta.clear();
    this.#bytes = 0;
    return Promise.resolve();
  }

  *#walk(whole: KeySpan, reverse: boolean): Generator<StoredRecord> {
    let span = whole;
    for (let chunk = firstChunk; ; chunk = Math.min(largestChunk, chunk * 2)) {
      this.#assertOpen();
      const keys = this.#keys.take(span, reverse, chunk);
      for (const key of keys) {
        const record = this.#records.get(key);
        if (record !== undefined) yield record;
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < chunk) return;
      const end = { key: last, inclusive: false };
      span = reverse ? { low: span.low, high: end } : { low: end, high: span.high };
    }
  }

  #put(record: StoredRecord): void {
    const previous = this.#records.get(record.key);
    // The very same object, which may be put twice: the indexes know it already.
    if (previous === record) return;
    if (previous !== undefined) shareKey(record, previous);
    this.#records.set(record.key, record);
    if (previous === undefined) this.#keys.note(record.key);
    else this.#letGo(previous);
    this.#bytes += bytesOf(record);
    this.#log(record.origin).add(record);
    this.#timesOf(record)?.add(record);
  }

  /** Where a record stands by time; most have a value and no expiry, and stand nowhere. */
  #timesOf(record: StoredRecord): TimeIndex | undefined {
    if (isTombstone(record)) return this.#tombstones;
    return record.expiresAt === 0 ? undefined : this.#expiring;
  }

  #isHeld(record: StoredRecord): boolean {
    return this.#records.get(record.key) === record;
  }

  #remove(key: string): void {
    const previous = this.#records.get(key);
    if (previous === undefined) return;
    this.#records.delete(key);
    this.#keys.note(key);
    this.#letGo(previous);
  }

  #letGo(record: StoredRecord): void {
    this.#bytes -= bytesOf(record);
    const log = this.#logs.get(record.origin);
    log?.remove(record);
    if (log?.isEmpty === true) this.#logs.delete(record.origin);
    this.#timesOf(record)?.letGo();
    this.#values.release(record);
  }

  #log(origin: Origin): SequenceIndex {
    let log = this.#logs.get(origin);
    if (log === undefined) {
      log = new SequenceIndex();
      this.#logs.set(origin, log);
    }
    return log;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function bytesOf(record: StoredRecord): number {
  return record.key.length + valueBytes(record);
}

function closedError(): SimpleDHTError {
  return new SimpleDHTError('ERR_CLOSED', 'The store is closed');
}
