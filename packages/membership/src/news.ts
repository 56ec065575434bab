import type { MemberUpdate, NodeId } from '@simpledht/wire';

/**
 * Of whom there is news, and how often it was sent. What is said is looked up when it is sent, so it is never stale.
 * Least sent goes first; changes of state go before newcomers, as they are waited for. Bounded by the roster: one place
 * per member.
 */
export class News {
  readonly #urgent = new Shelf();
  readonly #routine = new Shelf();

  get isEmpty(): boolean {
    return this.#urgent.isEmpty && this.#routine.isEmpty;
  }

  add(id: NodeId, urgent: boolean): void {
    const stays = this.#urgent.remove(id);
    this.#routine.remove(id);
    (urgent || stays ? this.#urgent : this.#routine).add(id);
  }

  remove(id: NodeId): void {
    this.#urgent.remove(id);
    this.#routine.remove(id);
  }

  clear(): void {
    this.#urgent.clear();
    this.#routine.clear();
  }

  /**
   * Takes what fits and counts it as sent; what was sent `limit` times is news no longer.
   * `describe` gives undefined for whom there is nothing to say (any more).
   */
  take(limit: number, describe: (id: NodeId) => MemberUpdate | undefined, budget: Budget): MemberUpdate[] {
    const taken = this.#urgent.take(limit, describe, budget);
    return taken.concat(this.#routine.take(limit, describe, budget));
  }
}

/** Room in one message. `take` is false when the update does not fit. */
export interface Budget {
  take(update: MemberUpdate): boolean;
}

/** Ids by how often they were sent, each in order of arrival. */
class Shelf {
  #levels: Set<NodeId>[] = [];
  readonly #sent = new Map<NodeId, number>();

  get isEmpty(): boolean {
    return this.#sent.size === 0;
  }

  add(id: NodeId): void {
    this.#put(id, 0);
  }

  remove(id: NodeId): boolean {
    const sent = this.#sent.get(id);
    if (sent === undefined) return false;
    this.#levels[sent]?.delete(id);
    return this.#sent.delete(id);
  }

  clear(): void {
    this.#levels = [];
    this.#sent.clear();
  }

  take(limit: number, describe: (id: NodeId) => MemberUpdate | undefined, budget: Budget): MemberUpdate[] {
    const taken: MemberUpdate[] = [];
    // Promoted only at the end, or the next level would meet them again.
    const chosen: [NodeId, number][] = [];
    for (const [sent, level] of this.#levels.entries()) {
      for (const id of level) {
        const update = describe(id);
        if (update !== undefined && !budget.take(update)) return this.#promote(chosen, limit, taken);
        chosen.push([id, update === undefined ? limit : sent]);
        if (update !== undefined) taken.push(update);
      }
    }
    return this.#promote(chosen, limit, taken);
  }

  #promote(chosen: readonly [NodeId, number][], limit: number, taken: MemberUpdate[]): MemberUpdate[] {
    for (const [id, sent] of chosen) {
      this.remove(id);
      if (sent + 1 < limit) this.#put(id, sent + 1);
    }
    return taken;
  }

  #put(id: NodeId, level: number): void {
    while (this.#levels.length <= level) this.#levels.push(new Set());
    this.#levels[level]?.add(id);
    this.#sent.set(id, level);
  }
}
