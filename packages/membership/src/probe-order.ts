import type { NodeId } from '@simpledht/wire';
import { shuffle, swap, type RandomSource } from './chance.ts';

/**
 * Round robin over a shuffled list, shuffled anew after each round; newcomers enter at a random place (SWIM §4.3).
 * So each member is probed at least once in 2N − 1 intervals. Bounded by the roster's live members.
 */
export class ProbeOrder {
  readonly #random: RandomSource;
  readonly #ids: NodeId[] = [];
  readonly #held = new Set<NodeId>();
  #position = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0;
  }

  add(id: NodeId): void {
    if (this.#held.has(id)) return;
    this.#held.add(id);
    this.#ids.push(id);
    swap(this.#ids, this.#ids.length - 1, Math.floor(this.#random() * this.#ids.length));
  }

  remove(id: NodeId): void {
    if (!this.#held.delete(id)) return;
    const index = this.#ids.indexOf(id);
    this.#ids.splice(index, 1);
    if (index < this.#position) this.#position--;
  }

  next(): NodeId | undefined {
    if (this.#position >= this.#ids.length) {
      this.#position = 0;
      shuffle(this.#ids, this.#random);
    }
    return this.#ids[this.#position++];
  }
}
