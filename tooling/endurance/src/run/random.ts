import { seededRandom } from '@simpledht/transport';

/** Draws from a seed. */
export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    const random = seededRandom(seed);
    this.#next = () => random.next();
  }

  between(least: number, most: number): number {
    return least + this.#next() * (most - least);
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  happens(share: number): boolean {
    return this.#next() < share;
  }

  one<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('Nothing to draw from');
    return item;
  }
}
