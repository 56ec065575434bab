import { isInSpan, memoryStore, type KeySpan } from '@simpledht/storage';
import type { Origin, StoredRecord } from '@simpledht/wire';
import type { Changes, Engine } from '../../src/index.ts';
import { weightOf } from '../../src/overlay/engine.ts';

/** An engine whose disk answers when the test says so, and that shows nothing of a commit before. */
export class SlowEngine implements Engine {
  readonly #store = memoryStore();
  size = 0;
  bytes = 0;
  room = true;
  commits: Changes[] = [];
  closed = 0;
  /** Records given by ranges. */
  given = 0;
  #waiting: { readonly end: () => void; readonly fail: (error: Error) => void } | undefined;

  /** A commit is under way. */
  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  finish(): void {
    this.#waiting?.end();
  }

  fail(error: Error): void {
    this.#waiting?.fail(error);
  }

  commit(changes: Changes): Promise<void> {
    if (this.#waiting !== undefined) throw new Error('two commits at a time');
    this.commits.push(changes);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting = undefined;
        const { records, removed, meta } = changes;
        this.#store.apply({ records, removed, meta });
        [this.size, this.bytes] = [changes.size, changes.bytes];
        resolve();
      };
      const fail = (error: Error): void => {
        this.#waiting = undefined;
        reject(error);
      };
      this.#waiting = { end, fail };
    });
  }

  hasRoom(): boolean {
    return this.room;
  }

  get(key: string): StoredRecord | undefined {
    return this.#store.get(key);
  }

  weigh(key: string): number | undefined {
    const record = this.#store.get(key);
    return record === undefined ? undefined : weightOf(record);
  }

  *range(span: KeySpan, reverse: boolean): Generator<StoredRecord> {
    for (const record of this.#store.range({ reverse })) {
      if (!isInSpan(record.key, span)) continue;
      this.given += 1;
      yield record;
    }
  }

  since(origin: Origin, after: number): Iterable<StoredRecord> {
    return this.#store.since(origin, after, Infinity);
  }

  expiring(untilMs: number): Iterable<StoredRecord> {
    return this.#store.expiring(untilMs, Infinity);
  }

  tombstones(before: number): Iterable<StoredRecord> {
    return this.#store.tombstones(before, Infinity);
  }

  meta(name: string): Uint8Array | undefined {
    return this.#store.meta(name);
  }

  backup(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}
