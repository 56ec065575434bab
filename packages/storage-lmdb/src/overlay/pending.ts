import { memoryStore, type Store, type StoreBatch } from '@simpledht/storage';
import type { StoredRecord } from '@simpledht/wire';

/** What was applied and is not durable yet: it hides what the engine holds under the same keys and names. */
export class Pending {
  /** A memory store of its own, for it has every order that a Store is read in. */
  readonly records: Store = memoryStore();
  readonly meta: Map<string, Uint8Array> = new Map<string, Uint8Array>();
  readonly removed: Set<string> = new Set<string>();

  get isEmpty(): boolean {
    return this.records.size === 0 && this.removed.size === 0 && this.meta.size === 0;
  }

  /** Atomic: reading the values is all that can throw, and the memory store does that first. */
  apply({ records = [], removed = [], meta = [] }: StoreBatch): void {
    this.records.apply({ records, removed });
    for (const { key } of records) this.removed.delete(key);
    for (const key of removed) this.removed.add(key);
    for (const [name, value] of meta) this.meta.set(name, value);
  }

  /** It says what a key holds, whatever lies below. */
  hides(key: string): boolean {
    return this.removed.has(key) || this.records.get(key) !== undefined;
  }

  /** Brings in what was applied later. */
  absorb(later: Pending): void {
    this.apply({ records: [...later.records.range()], removed: [...later.removed], meta: [...later.meta] });
  }
}

/** The records of a source whose keys no upper layer hides. */
export function* unhidden(source: Iterable<StoredRecord>, above: readonly Pending[]): Generator<StoredRecord> {
  for (const record of source) if (!above.some((layer) => layer.hides(record.key))) yield record;
}
