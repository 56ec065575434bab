import { seededRandom } from '@simpledht/transport';

/** Draws from one seed. */
export class Drawing {
  readonly #next: () => number;

  constructor(seed: number) {
    const random = seededRandom(Math.imul(seed, 7_919) + 17);
    this.#next = () => random.next();
  }

  chance(part: number): boolean {
    return this.#next() < part;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.#next();
  }

  /** A time or size, small ones as likely as ten times larger ones. */
  spread(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.#next());
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** Some of the indices below `count`, each as likely as the next. */
  some(count: number, of: number): number[] {
    const indices = Array.from({ length: of }, (_, index) => index);
    return Array.from({ length: Math.min(count, of) }, () => indices.splice(this.below(indices.length), 1)).flat();
  }
}
