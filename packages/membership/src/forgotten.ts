import type { MemberUpdate, NodeId } from '@simpledht/wire';

/** How many are kept in mind; the oldest makes room. */
const maxForgotten = 1024;

/**
 * Who was forgotten of late. Peers forget a moment sooner or later, and whoever is later still tells of the dead: without
 * this they would be learned anew, and so by turns for ever.
 */
export class Forgotten {
  readonly #incarnations = new Map<NodeId, number>();

  add({ id, incarnation }: { readonly id: NodeId; readonly incarnation: number }): void {
    this.#incarnations.delete(id);
    this.#incarnations.set(id, incarnation);
    const [oldest] = this.#incarnations.keys();
    if (this.#incarnations.size > maxForgotten && oldest !== undefined) this.#incarnations.delete(oldest);
  }

  /** That it is dead or gone was known here, and is no reason to remember it again. */
  isOldTale({ id, state, incarnation }: MemberUpdate): boolean {
    const known = this.#incarnations.get(id);
    return known !== undefined && (state === 'dead' || state === 'left') && incarnation <= known;
  }
}
