import type { NodeId } from '@simpledht/wire';
import { isLive, viewOf, type Entry, type Member } from './member.ts';

/** The entries, and what is asked of all of them often; each answer is kept until something of it changes. */
export class MemberTable {
  readonly #entries = new Map<NodeId, Entry>();
  #members: readonly Member[] | undefined;
  #live: readonly Entry[] | undefined;
  #sortedIds: readonly NodeId[] | undefined;
  #revision = 0;

  get(id: NodeId): Entry | undefined {
    return this.#entries.get(id);
  }

  all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Snapshots of all; the same array until something changes. */
  get members(): readonly Member[] {
    return (this.#members ??= [...this.#entries.values()].map(viewOf));
  }

  /** Alive and suspect ones. */
  get live(): readonly Entry[] {
    return (this.#live ??= [...this.#entries.values()].filter(isLive));
  }

  get deadCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === 'dead') count++;
    return count;
  }

  /** Ids in order, for paging. */
  get sortedIds(): readonly NodeId[] {
    return (this.#sortedIds ??= [...this.#entries.keys()].sort());
  }

  /** Grows with every change of who is where, in what state. */
  get revision(): number {
    return this.#revision;
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#sortedIds = undefined;
    this.changed(entry);
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    this.#sortedIds = undefined;
    this.changed(entry);
  }

  /** Its state or its address is another. */
  changed(entry: Entry): void {
    this.#revision++;
    this.#live = undefined;
    this.touched(entry);
  }

  /** Something that is only looked at is another. */
  touched(entry: Entry): void {
    entry.view = undefined;
    this.#members = undefined;
  }
}
