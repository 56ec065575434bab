import type { ChangeCause, History } from '@simpledht/storage';
import { SimpleDHTError, type StoredRecord, type VectorEntry } from '@simpledht/wire';
import { PrefixIndex } from './prefix-index.ts';

/** A record that took the place of another, told once the store has made it durable. */
export interface MapChange {
  readonly record: StoredRecord;
  readonly previous: StoredRecord | undefined;
  readonly cause: ChangeCause;
}

/** All changes told so far are covered by the vector, and no later one is. */
export interface Mark {
  readonly number: number;
  readonly vector: readonly VectorEntry[];
}

export interface ChangeListener {
  changed(change: MapChange): void;
  /** Follows the last of the changes of a turn. */
  marked?(mark: Mark): void;
}

/** What ends with the feed. */
export interface Watching {
  /** Nothing more will come. */
  end(): void;
  /** What was seen cannot be told from what was not: everything has to be read anew. */
  reset(): void;
}

export interface FeedParts {
  readonly history: History;
  /** Has a turn follow. */
  readonly touch: () => void;
  readonly maxWatchers: number;
  /** Called when the first listener comes or the last one goes. */
  readonly onListening: (isHeard: boolean) => void;
}

interface Waiter {
  readonly number: number;
  readonly resolve: () => void;
}

/**
 * Hands the replica's changes to those who listen to a prefix of their keys. While nobody listens none are made.
 *
 * 1. Each listener is handed the changes in the order in which they were made here.
 * 2. Nothing here is kept per change: who is slow bounds its own backlog.
 */
export class ChangeFeed {
  /** The latest mark. */
  last: Mark | undefined;
  readonly #parts: FeedParts;
  readonly #listeners = new PrefixIndex<ChangeListener>();
  #listening = 0;
  /** Bounded by `maxWatchers`. */
  readonly #watching = new Set<Watching>();
  /** Those who were handed something since the last mark. */
  readonly #touched = new Set<ChangeListener>();
  /** Bounded by the watchers: each waits for one mark at a time. */
  #waiters: Waiter[] = [];
  #isClosed = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  get history(): History {
    return this.#parts.history;
  }

  get isHeard(): boolean {
    return this.#listening > 0;
  }

  listen(prefix: string, listener: ChangeListener): void {
    this.#listeners.add(prefix, listener);
    this.#listening += 1;
    if (this.#listening === 1) this.#parts.onListening(true);
  }

  unlisten(prefix: string, listener: ChangeListener): void {
    this.#listeners.remove(prefix, listener);
    this.#touched.delete(listener);
    this.#listening -= 1;
    if (this.#listening === 0) this.#parts.onListening(false);
  }

  /** Counts a watcher. Throws `ERR_LIMIT_REACHED`. */
  enter(watching: Watching): void {
    const { maxWatchers, history } = this.#parts;
    if (this.#watching.size >= maxWatchers)
      throw new SimpleDHTError('ERR_LIMIT_REACHED', `There are ${String(maxWatchers)} watches already (maxWatchers)`);
    this.#watching.add(watching);
    history.isFollowed = true;
  }

  leave(watching: Watching): void {
    this.#watching.delete(watching);
    this.#parts.history.isFollowed = this.#watching.size > 0;
  }

  change(change: MapChange): void {
    for (const listener of this.#listeners.matching(change.record.key)) {
      listener.changed(change);
      this.#touched.add(listener);
    }
  }

  mark(mark: Mark): void {
    this.last = mark;
    for (const listener of this.#touched) listener.marked?.(mark);
    this.#touched.clear();
    const due = this.#waiters.filter(({ number }) => number <= mark.number);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter(({ number }) => number > mark.number);
    for (const { resolve } of due) resolve();
  }

  /** Settles when every change that was made before was handed on; at once when the feed is closed. */
  handedOn(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const number = this.#parts.history.mark();
    this.#parts.touch();
    return new Promise((resolve) => {
      this.#waiters.push({ number, resolve });
    });
  }

  /** Every watch reads everything anew. */
  reset(): void {
    this.last = undefined;
    for (const watching of this.#watching) watching.reset();
  }

  /** Ends every watch. */
  close(): void {
    this.#isClosed = true;
    for (const watching of [...this.#watching]) watching.end();
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }
}
