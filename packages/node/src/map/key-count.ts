import { namespaceBounds, storedKey, type Since, type Write } from '@simpledht/storage';
import { SimpleDHTError, type StoredRecord } from '@simpledht/wire';
import type { ChangeFeed, ChangeListener, MapChange } from '../watch/feed.ts';

/** How many keys a namespace has, for its `maxKeys`: counted once, then kept up by what changes. */
export class KeyCount implements ChangeListener {
  readonly #feed: ChangeFeed;
  readonly #namespace: string;
  readonly #maxKeys: number;
  #count: number | undefined;
  /** What was there when it was counted. */
  #seen: Since | undefined;

  constructor(feed: ChangeFeed, namespace: string, maxKeys: number) {
    this.#feed = feed;
    this.#namespace = namespace;
    this.#maxKeys = maxKeys;
    feed.listen(storedKey(namespace, ''), this);
  }

  /** By how many keys the writes let it grow. Throws `ERR_MAP_FULL` when there is no room for them. */
  admit(writes: readonly Write[]): number {
    const count = this.#counted();
    const last = new Map(writes.map(({ key, value }) => [key, value]));
    let growth = 0;
    for (const [key, value] of last) growth += Number(value !== null) - Number(this.#holds(key));
    if (growth > 0 && count + growth > this.#maxKeys)
      throw new SimpleDHTError(
        'ERR_MAP_FULL',
        `The namespace ${this.#namespace} holds ${String(count)} keys of at most ${String(this.#maxKeys)}; nothing was written`,
      );
    return growth;
  }

  /** The writes were made. */
  grow(growth: number): void {
    if (this.#count !== undefined) this.#count += growth;
  }

  /** Local writes are counted when they are made. */
  changed({ record, previous, cause }: MapChange): void {
    if (this.#count === undefined || cause === 'local') return;
    const isInPlace = previous?.origin === record.origin && previous.seq === record.seq;
    if (!isInPlace && this.#seen?.lacks(record) === false) return;
    this.#count += Number(record.value !== null) - Number(isValue(previous));
  }

  /** While the first sync runs nothing tells what the count has seen: it is counted anew when that is over. */
  recount(): void {
    this.#count = undefined;
  }

  #counted(): number {
    if (this.#count !== undefined) return this.#count;
    const { history } = this.#feed;
    this.#seen = history.since(history.now());
    let count = 0;
    for (const record of history.range(namespaceBounds(this.#namespace))) if (isValue(record)) count += 1;
    this.#count = count;
    return count;
  }

  /** An expired key counts as long as it is held. */
  #holds(key: string): boolean {
    return isValue(this.#feed.history.get(key));
  }
}

function isValue(record: StoredRecord | undefined): boolean {
  return record !== undefined && record.value !== null;
}
