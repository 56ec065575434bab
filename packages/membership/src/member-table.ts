import type { NodeId } from '@simpledht/wire';
import { isLive, leavesBefore, viewOf, type Entry, type Member } from './member.ts';
import { SortedIds, type IdPage } from './sorted-ids.ts';

/** The entries, and what is asked of all of them often; each answer is kept until something of it changes. */
export class MemberTable {
  readonly #entries = new Map<NodeId, Entry>();
  #members: readonly Member[] | undefined;
  /** In no order. */
  readonly #live: Entry[] = [];
  /** Where each is in that list. */
  readonly #places = new Map<Entry, number>();
  readonly #sortedIds = new SortedIds();
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

  /** Alive and suspect ones, in no order; the same list for ever, kept up to date. */
  get live(): readonly Entry[] {
    return this.#live;
  }

  /** The dead or left one that makes room. */
  firstToLeave(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (!isLive(entry) && (first === undefined || leavesBefore(entry, first))) first = entry;
    }
    return first;
  }

  get deadCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === 'dead') count++;
    return count;
  }

  /** Up to `count` ids after this one, in order; and whether there are more. */
  idsAfter(id: NodeId | '', count: number): IdPage {
    return this.#sortedIds.after(id, count);
  }

  /** Grows with every change of who is where, in what state. */
  get revision(): number {
    return this.#revision;
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#sortedIds.add(entry.id);
    this.changed(entry);
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    this.#sortedIds.remove(entry.id);
    this.#changed(entry, false);
  }

  /** Its state or its address is another. */
  changed(entry: Entry): void {
    this.#changed(entry, isLive(entry));
  }

  /** Something that is only looked at is another. */
  touched(entry: Entry): void {
    entry.view = undefined;
    this.#members = undefined;
  }

  #changed(entry: Entry, lives: boolean): void {
    this.#revision++;
    this.touched(entry);
    const place = this.#places.get(entry);
    if (lives && place === undefined) this.#places.set(entry, this.#live.push(entry) - 1);
    else if (!lives && place !== undefined) this.#takeOut(entry, place);
  }

  /** The last one takes its place. */
  #takeOut(entry: Entry, place: number): void {
    this.#places.delete(entry);
    const last = this.#live.pop();
    if (last === undefined || last === entry) return;
    this.#live[place] = last;
    this.#places.set(last, place);
  }
}
