import { compareRecords, type Since } from '@simpledht/storage';
import { compareKeys, type StoredRecord, type VectorEntry } from '@simpledht/wire';
import type { ChangeFeed, ChangeListener, MapChange, Mark } from './feed.ts';

/** Changes that wait for a slow reader, and their bytes; what is over either makes it lag. The newest alone may be larger. */
const maxWaitingChanges = 4096;
const maxWaitingBytes = 16_777_216;

/** A change that waits for its reader. */
export interface Waiting extends MapChange {
  /** What its reader has seen with it; told with the last change of a turn. */
  covered: readonly VectorEntry[] | undefined;
}

/**
 * Gathers the changes of one watch while its reader reads older state, and until the reader takes them.
 *
 * 1. Of a key that the reading has not passed nothing is gathered: it is going to be read in its latest state.
 * 2. Of a key that it has passed every later change is gathered, and none that the reading has shown already: a key never
 *    goes back.
 * 3. When too much waits nothing more is gathered; `covered` says what was, so that the rest can be read later.
 */
export class Collector implements ChangeListener {
  /** Too much waited: something was left out. */
  isLagging = false;
  readonly #feed: ChangeFeed;
  readonly #wake: () => void;
  /** What was held when reading began: it is read, and need not be told; `undefined` once it has all been handed on. */
  #held: Since | undefined;
  /** What the reader has seen when it has read all that is gathered, if nothing more is. */
  #covered: readonly VectorEntry[] = [];
  /** Number of the mark that follows it. */
  #heldUntil = 0;
  /** The last mark before reading began. */
  #former: Mark | undefined;
  /** The last key that was read; '' before the first, `undefined` when all are. */
  #passed: string | undefined = '';
  /** What the last step of reading showed, while changes made before it may still be on their way here. */
  readonly #shown = new Map<string, StoredRecord>();
  /** Bounded by `maxWaitingChanges`; the first `#taken` are gone. */
  #waiting: Waiting[] = [];
  #taken = 0;
  #bytes = 0;

  constructor(feed: ChangeFeed, wake: () => void) {
    this.#feed = feed;
    this.#wake = wake;
  }

  /** What the reader has seen when it has taken all that waits here. */
  get covered(): readonly VectorEntry[] {
    return this.#covered;
  }

  /** Reading begins now. */
  begin(): void {
    const { history, last } = this.#feed;
    this.#covered = history.now();
    this.#held = history.since(this.#covered);
    this.#heldUntil = history.mark();
    this.#former = last;
    this.#passed = '';
    this.#shown.clear();
    this.#waiting = [];
    this.#taken = 0;
    this.#bytes = 0;
    this.isLagging = false;
  }

  /** These records were read just now, and with them all keys up to `last`; `undefined` is all there are. */
  pass(records: readonly StoredRecord[], last: string | undefined): void {
    for (const record of records) this.#shown.set(record.key, record);
    this.#passed = last;
  }

  /** All changes made before the last `pass` were handed on. */
  settle(): void {
    this.#shown.clear();
  }

  changed(change: MapChange): void {
    const { record } = change;
    if (this.isLagging || !this.#isPassed(record) || this.#isSeen(change)) return;
    const size = bytesOf(record);
    const count = this.#waiting.length - this.#taken;
    if (count > 0 && (count >= maxWaitingChanges || this.#bytes + size > maxWaitingBytes)) this.lag();
    else {
      this.#waiting.push({ ...change, covered: undefined });
      this.#bytes += size;
    }
    this.#wake();
  }

  marked(mark: Mark): void {
    if (this.isLagging) return;
    const newest = this.#waiting.at(-1);
    if (newest !== undefined && this.#taken < this.#waiting.length) newest.covered ??= mark.vector;
    if (mark.number >= this.#heldUntil) this.#held = undefined;
  }

  /** From now on nothing is gathered. What waits stays. */
  lag(): void {
    if (this.isLagging) return;
    this.isLagging = true;
    const { last } = this.#feed;
    if (last !== undefined && last !== this.#former) this.#covered = last.vector;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Something was left out, and all that was gathered before it has been taken. */
  get isDrained(): boolean {
    return this.isLagging && this.isEmpty;
  }

  take(): Waiting | undefined {
    const next = this.#waiting[this.#taken];
    if (next === undefined) return undefined;
    this.#taken += 1;
    this.#bytes -= bytesOf(next.record);
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    } else if (this.#taken > 64 && this.#taken * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#taken);
      this.#taken = 0;
    }
    return next;
  }

  #isPassed({ key }: StoredRecord): boolean {
    return this.#passed === undefined || compareKeys(key, this.#passed) <= 0;
  }

  #isSeen({ record, previous }: MapChange): boolean {
    const shown = this.#shown.get(record.key);
    // A tombstone that took the place of a write under the write's dot: new to whoever was shown the write last.
    if (previous !== undefined && isSameDot(record, previous))
      return shown !== undefined && (shown.value === null || !isSameDot(shown, record));
    if (shown !== undefined && compareRecords(record, shown) <= 0) return true;
    return this.#held?.lacks(record) === false;
  }
}

function isSameDot(a: StoredRecord, b: StoredRecord): boolean {
  return a.origin === b.origin && a.seq === b.seq;
}

function bytesOf({ key, value }: StoredRecord): number {
  return key.length + (value?.length ?? 0);
}
