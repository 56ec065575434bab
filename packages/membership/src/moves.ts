import type { Address, Instant, MemberUpdate, NodeId } from '@simpledht/wire';
import { isLive, type Entry } from './member.ts';

/** Who is back so soon where it was before has not moved: two speak with its id. */
const backWithinMs = 60_000;

/** Between two tellings of that. */
const tellPauseMs = 60_000;

/** A member that has not spoken for so long may be where others say that it is, ms. */
const silentMs = 3_000;

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

/**
 * Others reach it at another address, and this node has not heard from it of late: both may have moved at the same time,
 * and each still sends to where the other was. Whoever heard from it itself knows better.
 */
export function isElsewhere({ state, incarnation, address }: MemberUpdate, entry: Entry, now: Instant): boolean {
  if (state !== 'alive' || incarnation !== entry.incarnation || !isLive(entry)) return false;
  const isSilent = now.monotonicMs - (entry.lastSeenMs ?? -Infinity) > silentMs;
  return isSilent && address !== '' && address !== entry.address && address !== entry.alias;
}
