import type { Address, Instant, NodeId } from '@simpledht/wire';

/** Who is back so soon where it was before has not moved: two speak with its id. */
const backWithinMs = 60_000;

/** Between two tellings of that. */
const tellPauseMs = 60_000;

interface Move {
  readonly from: Address;
  readonly atMs: number;
  /** When it was told that two speak with this id. */
  readonly toldMs: number;
}

/** What it means that a member's messages come from another address. Bounded by the roster: the last move of each member. */
export class Moves {
  readonly #last = new Map<NodeId, Move>();

  /** `undefined`: nothing that was not told of late. */
  judge(
    { id, address }: { readonly id: NodeId; readonly address: Address },
    from: Address,
    { monotonicMs }: Instant,
  ): 'moved' | 'duplicated' | undefined {
    const last = this.#last.get(id);
    const isBack = last?.from === address && monotonicMs - last.atMs < backWithinMs;
    const isTold = last !== undefined && monotonicMs - last.toldMs < tellPauseMs;
    const toldMs = isBack && !isTold ? monotonicMs : (last?.toldMs ?? -Infinity);
    this.#last.set(id, { from, atMs: monotonicMs, toldMs });
    if (!isBack) return 'moved';
    return isTold ? undefined : 'duplicated';
  }

  drop(id: NodeId): void {
    this.#last.delete(id);
  }
}
