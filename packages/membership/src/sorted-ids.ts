import type { NodeId } from '@simpledht/wire';

export interface IdPage {
  readonly ids: readonly NodeId[];
  readonly more: boolean;
}

/** Ids in order, for paging. Sorting anew after each newcomer costs N² log N where many come. Bounded by the roster. */
export class SortedIds {
  readonly #ids: NodeId[] = [];

  add(id: NodeId): void {
    this.#ids.splice(this.#placeOf(id), 0, id);
  }

  remove(id: NodeId): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] === id) this.#ids.splice(place, 1);
  }

  /** Up to `count` ids after this one; and whether there are more. */
  after(id: NodeId | '', count: number): IdPage {
    const place = this.#placeOf(id);
    const first = this.#ids[place] === id ? place + 1 : place;
    return { ids: this.#ids.slice(first, first + count), more: first + count < this.#ids.length };
  }

  /** Of the first id that is not before this one. */
  #placeOf(id: NodeId | ''): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
