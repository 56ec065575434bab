import type { Since } from '@simpledht/storage';
import { onAbort } from '@simpledht/transport';
import type { StoredRecord, VectorEntry } from '@simpledht/wire';
import { asError } from '../events.ts';
import { Collector } from './collector.ts';
import type { WatchEvent } from './events.ts';
import type { ChangeFeed, Watching } from './feed.ts';
import { changeEvent, entryEvent } from './to-event.ts';
import { tokenOf } from './token.ts';

/** Records read between two looks at what has changed meanwhile. */
const stepRecords = 256;
/** Changes up to which a reader that comes back is served from them; beyond it the keys are read. */
const maxFew = 4096;

/** Where a watch begins: with everything, with what is written from now on, or with what was written since. */
export type WatchStart = 'all' | 'now' | readonly VectorEntry[];

export interface WatchParts {
  readonly feed: ChangeFeed;
  /** Of stored keys: with the namespace. */
  readonly prefix: string;
  readonly start: WatchStart;
  readonly signal: AbortSignal | undefined;
  readonly wallMs: () => number;
  readonly onError: (error: Error) => void;
}

/** Made one by one as they are read: values may be large. */
type Batch = Iterable<WatchEvent, undefined>;

/**
 * The way of one reader through the map: reading, `synced`, every change; and after `lagged` all of it again.
 *
 * 1. A key's versions never go back, whatever changes while it is read.
 * 2. What waits for the reader is bounded (see Collector); beyond that it is told `lagged`, never nothing.
 */
export class Watch implements Watching {
  isOver = false;
  readonly #parts: WatchParts;
  readonly #collector: Collector;
  #mustRestart = false;
  #wake: (() => void) | undefined;
  #unlisten: (() => void) | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const { feed, start, prefix, signal } = parts;
    this.#collector = new Collector(feed, () => {
      this.#wake?.();
    });
    feed.enter(this);
    if (start === 'now') {
      this.#collector.begin();
      this.#collector.pass([], undefined);
    }
    feed.listen(prefix, this.#collector);
    if (signal?.aborted === true) this.end();
    else if (signal !== undefined) this.#unlisten = onAbort(signal, this.#abort);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { feed, prefix } = this.#parts;
    this.#unlisten?.();
    feed.unlisten(prefix, this.#collector);
    feed.leave(this);
    this.#wake?.();
  }

  reset(): void {
    this.#mustRestart = true;
    this.#collector.lag();
    this.#wake?.();
  }

  /** Each batch is used up before the next is asked for. */
  async *batches(): AsyncGenerator<Batch, void> {
    let { start }: { start: WatchStart } = this.#parts;
    while (!this.isOver) {
      const covered = start === 'now' ? this.#collector.covered : yield* this.#read(start);
      yield [{ type: 'synced', token: tokenOf(covered) }];
      yield* this.#live();
      start = this.#afterLag();
      yield [{ type: 'lagged', restart: start === 'all' }];
    }
  }

  /** Until something was left out, or the watch is over. */
  async *#live(): AsyncGenerator<Batch, void> {
    while (!this.isOver && !this.#mustRestart && !this.#collector.isDrained) {
      yield this.#taken();
      if (this.#collector.isEmpty && !this.#collector.isLagging) await this.#woken();
    }
  }

  readonly #abort = (): void => {
    this.end();
  };

  #afterLag(): WatchStart {
    const { covered } = this.#collector;
    const mustRestart = this.#mustRestart || this.#parts.feed.history.since(covered).isTooOld();
    this.#mustRestart = false;
    return mustRestart ? 'all' : covered;
  }

  /** Reads what the start asks for. Returns what was held when that began: this, at least, the reader has seen then. */
  async *#read(start: Exclude<WatchStart, 'now'>): AsyncGenerator<Batch, readonly VectorEntry[]> {
    const covered = start === 'all' ? undefined : yield* this.#readChanged(this.#parts.feed.history.since(start));
    if (covered !== undefined) return covered;
    if (start !== 'all') yield [{ type: 'lagged', restart: true }];
    const held = this.#begin();
    for await (const records of this.#steps(() => true)) yield this.#entries(records);
    return held;
  }

  /** Reads what `seen` lacks. `undefined` when that cannot be told, or can no longer. */
  async *#readChanged(seen: Since): AsyncGenerator<Batch, readonly VectorEntry[] | undefined> {
    if (seen.isTooOld()) return undefined;
    const held = this.#begin();
    const few = seen.few(maxFew)?.filter(({ key }) => key.startsWith(this.#parts.prefix));
    if (few !== undefined) {
      await this.#pass(few, undefined);
      yield this.#changes(few, seen);
      return held;
    }
    for await (const records of this.#steps(() => !seen.isTooOld())) yield this.#changes(records, seen);
    return seen.isTooOld() ? undefined : held;
  }

  #begin(): readonly VectorEntry[] {
    this.#collector.begin();
    return this.#collector.covered;
  }

  /** Every record of the prefix in key order, a step at a time, as long as `mayGoOn` says so. */
  async *#steps(mayGoOn: () => boolean): AsyncGenerator<readonly StoredRecord[], void> {
    const { feed, prefix } = this.#parts;
    let last: string | undefined = '';
    while (last !== undefined && !this.isOver && mayGoOn()) {
      const records: StoredRecord[] = take(
        feed.history.range(last === '' ? { prefix } : { prefix, gt: last }),
        stepRecords,
      );
      last = records.length < stepRecords ? undefined : records.at(-1)?.key;
      await this.#pass(records, last);
      yield records;
    }
  }

  /** Settles when all changes made before these records were read have been handed on: what comes later is new to them. */
  async #pass(records: readonly StoredRecord[], last: string | undefined): Promise<void> {
    this.#collector.pass(records, last);
    await this.#parts.feed.handedOn();
    this.#collector.settle();
  }

  *#entries(records: readonly StoredRecord[]): Generator<WatchEvent, undefined> {
    for (const record of records) if (this.#isLive(record)) yield* this.#readable(() => entryEvent(record));
    return undefined;
  }

  *#changes(records: readonly StoredRecord[], seen: Since): Generator<WatchEvent, undefined> {
    for (const record of records) {
      if (!seen.lacks(record)) continue;
      // What has expired and is not swept yet is told now: the reader may be gone by then, with a token that covers it.
      const told = record.value === null || this.#isLive(record) ? record : { ...record, value: null };
      yield* this.#readable(() => changeEvent(told));
    }
    return undefined;
  }

  *#taken(): Generator<WatchEvent, undefined> {
    for (let change = this.#collector.take(); change !== undefined; change = this.#collector.take()) {
      const { record, covered, cause } = change;
      yield* this.#readable(() => changeEvent(record, covered, cause));
      if (this.#mustRestart) return undefined;
    }
    return undefined;
  }

  #woken(): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #isLive({ value, expiresAt }: StoredRecord): boolean {
    return value !== null && (expiresAt === 0 || expiresAt > this.#parts.wallMs());
  }

  /** A value that does not decode (of another program, or damaged) is reported and left out. */
  #readable(make: () => WatchEvent): Batch {
    try {
      return [make()];
    } catch (error) {
      this.#parts.onError(asError(error));
      return [];
    }
  }
}

function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
