import { spanOf, type KeyBounds, type KeySpan, type Store, type StoreBatch } from '@simpledht/storage';
import { compareKeys, SimpleDHTError, type Origin, type StoredRecord } from '@simpledht/wire';
import { Commits, type Totals } from './commits.ts';
import { weightOf, type Engine } from './engine.ts';
import { mergeOrdered, take } from './merge.ts';
import { unhidden } from './pending.ts';

/** Records fetched at a time: few at first, since many ranges are left early. */
const firstChunk = 16;
const largestChunk = 512;
/** A chunk ends here even when it has few records: values may be large. */
const chunkBytes = 1_048_576;

/** How often a commit that failed is tried again, ms. */
const defaultRetryMs = 1_000;

export interface OverlayOptions {
  /** How often a commit that failed is tried again, ms: 1,000 by default. */
  readonly retryMs?: number;
}

/**
 * Makes a Store of an engine that commits asynchronously and does not show what is not committed: what was applied lies
 * in memory above the engine until it is durable, and every read looks at both.
 *
 * 1. A read sees everything applied, whatever the state of commits.
 * 2. `apply` never touches the disk; `flush` commits records, metadata and sums in one transaction.
 * 3. After a commit that failed nothing is lost: it stays readable and is tried again. Until that succeeds, `apply` of
 *    records throws (`ERR_STORE_FULL`, or `ERR_STORE`), so that memory cannot run full instead of the disk. Metadata,
 *    which is bounded by its names, is taken: a replica that only reads goes on answering.
 */
export function withOverlay(engine: Engine, options: OverlayOptions = {}): Store & Required<Pick<Store, 'backup'>> {
  return new OverlaidStore(engine, options.retryMs ?? defaultRetryMs);
}

class OverlaidStore implements Store {
  readonly durable = true;
  readonly #engine: Engine;
  readonly #totals: Totals;
  readonly #commits: Commits;
  /** Tells a range whether anything changed since it fetched records. */
  #version = 0;
  #closing: Promise<void> | undefined;

  constructor(engine: Engine, retryMs: number) {
    this.#engine = engine;
    this.#totals = { size: engine.size, bytes: engine.bytes };
    this.#commits = new Commits({ engine, totals: this.#totals, retryMs });
  }

  get size(): number {
    return this.#totals.size;
  }

  get bytes(): number {
    return this.#totals.bytes;
  }

  get(key: string): StoredRecord | undefined {
    this.#mustBeOpen();
    for (const layer of this.#commits.layers) {
      const record = layer.records.get(key);
      if (record !== undefined) return record;
      if (layer.removed.has(key)) return undefined;
    }
    return this.#engine.get(key);
  }

  range(bounds: KeyBounds = {}): Iterable<StoredRecord> {
    this.#mustBeOpen();
    return this.#walk(bounds, bounds.reverse ?? false);
  }

  since(origin: Origin, after: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const layers = (store: Store, most: number): readonly StoredRecord[] => store.since(origin, after, most);
    return this.#first(limit, layers, this.#engine.since(origin, after), (a, b) => a.seq - b.seq);
  }

  expiring(untilMs: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const layers = (store: Store, most: number): readonly StoredRecord[] => store.expiring(untilMs, most);
    return this.#first(limit, layers, this.#engine.expiring(untilMs), (a, b) => a.expiresAt - b.expiresAt);
  }

  tombstones(before: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const layers = (store: Store, most: number): readonly StoredRecord[] => store.tombstones(before, most);
    return this.#first(limit, layers, this.#engine.tombstones(before), (a, b) => a.hlc - b.hlc);
  }

  meta(name: string): Uint8Array | undefined {
    this.#mustBeOpen();
    for (const { meta } of this.#commits.layers) {
      const value = meta.get(name);
      if (value !== undefined) return value;
    }
    return this.#engine.meta(name);
  }

  apply(batch: StoreBatch): void {
    this.#mustBeOpen();
    const { records = [], removed = [] } = batch;
    if (records.length === 0 && removed.length === 0) {
      this.#commits.active.apply(batch);
      return;
    }
    const { failure } = this.#commits;
    if (failure !== undefined) throw readOnly(failure);
    const keys = distinct(records, removed);
    const before = this.#weigh(keys);
    this.#commits.active.apply(batch);
    const after = this.#weigh(keys);
    this.#totals.size += after.size - before.size;
    this.#totals.bytes += after.bytes - before.bytes;
    this.#version += 1;
  }

  flush(): Promise<void> | undefined {
    this.#mustBeOpen();
    return this.#commits.flush();
  }

  async backup(path: string): Promise<void> {
    this.#mustBeOpen();
    await this.#engine.backup(path);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#commits.close();
    } finally {
      await this.#engine.close();
    }
  }

  #weigh(keys: Iterable<string>): Totals {
    const total = { size: 0, bytes: 0 };
    for (const key of keys) {
      const weight = this.#weightOf(key);
      if (weight === undefined) continue;
      total.size += 1;
      total.bytes += weight;
    }
    return total;
  }

  #weightOf(key: string): number | undefined {
    for (const { records, removed } of this.#commits.layers) {
      const record = records.get(key);
      if (record !== undefined) return weightOf(record);
      if (removed.has(key)) return undefined;
    }
    return this.#engine.weigh(key);
  }

  *#walk(bounds: KeyBounds, reverse: boolean): Generator<StoredRecord> {
    let span = spanOf(bounds);
    for (let chunk = firstChunk; ; chunk = Math.min(largestChunk, chunk * 2)) {
      this.#mustBeOpen();
      const version = this.#version;
      const { records, isLast } = this.#chunk(span, reverse, chunk);
      for (const record of records) {
        const present = this.#version === version ? record : this.get(record.key);
        if (present !== undefined) yield present;
      }
      const last = records.at(-1);
      if (last === undefined || isLast) return;
      const end = { key: last.key, inclusive: false };
      span = reverse ? { low: span.low, high: end } : { low: end, high: span.high };
    }
  }

  #chunk(span: KeySpan, reverse: boolean, limit: number): Chunk {
    const bounds = { ...boundsOf(span), reverse };
    const { layers } = this.#commits;
    const sources = layers.map((layer, index) => unhidden(layer.records.range(bounds), layers.slice(0, index)));
    const sign = reverse ? -1 : 1;
    const order = (a: StoredRecord, b: StoredRecord): number => sign * compareKeys(a.key, b.key);
    return fill(mergeOrdered([...sources, unhidden(this.#engine.range(span, reverse), layers)], order), limit);
  }

  /** The first of all layers together. A layer is asked for as many more as the layers above it may hide. */
  #first(
    limit: number,
    ofLayer: (store: Store, most: number) => readonly StoredRecord[],
    ofEngine: Iterable<StoredRecord>,
    order: (a: StoredRecord, b: StoredRecord) => number,
  ): StoredRecord[] {
    const { layers } = this.#commits;
    const sources = layers.map(({ records }, index) => {
      const above = layers.slice(0, index);
      const hidden = above.reduce((sum, layer) => sum + layer.records.size + layer.removed.size, 0);
      return unhidden(ofLayer(records, limit + hidden), above);
    });
    return take(mergeOrdered([...sources, unhidden(ofEngine, layers)], order), limit);
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new SimpleDHTError('ERR_CLOSED', 'The store is closed');
  }
}

interface Chunk {
  readonly records: readonly StoredRecord[];
  /** There is nothing behind it. */
  readonly isLast: boolean;
}

function fill(source: Iterable<StoredRecord>, limit: number): Chunk {
  const records: StoredRecord[] = [];
  let bytes = 0;
  for (const record of source) {
    records.push(record);
    bytes += weightOf(record);
    if (records.length >= limit || bytes >= chunkBytes) return { records, isLast: false };
  }
  return { records, isLast: true };
}

function distinct(records: readonly StoredRecord[], removed: readonly string[]): Iterable<string> {
  const [only] = records;
  if (records.length === 1 && removed.length === 0 && only !== undefined) return [only.key];
  return new Set([...records.map(({ key }) => key), ...removed]);
}

function boundsOf({ low, high }: KeySpan): KeyBounds {
  return {
    ...(low === undefined ? {} : low.inclusive ? { gte: low.key } : { gt: low.key }),
    ...(high === undefined ? {} : high.inclusive ? { lte: high.key } : { lt: high.key }),
  };
}

/** The code of the failure that it comes from; a new error, so that its stack shows who wrote. */
function readOnly(cause: SimpleDHTError): SimpleDHTError {
  return new SimpleDHTError(cause.code, `The store only reads until it can write again: ${cause.message}`, { cause });
}
