import type { Instant } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';

/**
 * Compares this replica with one peer after the other while it covers what it may not hold (see Unsettled) and the rest does
 * not come. When all ready peers have been compared since, what is still missing is nowhere.
 */
export class Settling {
  readonly #context: ReplicaContext;
  readonly #compared = new Set<Peer>();
  /** What waits since before then is what the comparisons are for, monotonic ms. */
  #begunMs: number | undefined;

  constructor(context: ReplicaContext) {
    this.#context = context;
  }

  /** When the next comparison is due, not before `earliestMs`; `undefined` when nothing is to be compared. */
  dueMs(earliestMs: number): number | undefined {
    const { local, settings, peers } = this.#context;
    const { sinceMs } = local.unsettled;
    if (sinceMs === undefined || !peers.partners().some(isReady)) return undefined;
    return Math.max(earliestMs, sinceMs + settings.unsettledPatienceMs);
  }

  /** Whom to compare with; `undefined` when all have been. */
  next({ monotonicMs }: Instant): Peer | undefined {
    const ready = this.#context.peers.partners().filter(isReady);
    const left = ready.filter((peer) => !this.#compared.has(peer));
    if (this.#begunMs === undefined) {
      this.#begunMs = monotonicMs;
      this.#compared.clear();
      return ready[0];
    }
    if (left.length > 0) return left[0];
    this.#context.local.unsettled.clear(this.#begunMs);
    this.#begunMs = undefined;
    this.#compared.clear();
    return undefined;
  }

  compared(peer: Peer): void {
    if (this.#begunMs !== undefined) this.#compared.add(peer);
  }
}

function isReady({ ready, silent }: Peer): boolean {
  return ready && !silent;
}
