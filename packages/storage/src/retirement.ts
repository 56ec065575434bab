import type { Instant, Origin } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';
import type { Stability } from './stability.ts';

/** An origin that is carried by more records keeps its place: giving them new dots sends them to everyone again. */
const maxCarried = 256;
/** Records that get new dots in one turn. */
const maxRedotted = 1_024;

/**
 * Gives up origins under which nobody writes any more, so that the lives of nodes do not fill the vector (see
 * ALGORITHM.md, "How an origin ends").
 *
 * 1. An origin is retired when no counted member writes under it, all of them cover the same of it without a gap, and no
 *    record here carries it. What was covered stays covered: it is remembered as one number.
 * 2. Its floor is handed to a dot of the own origin that was made after everybody had covered what the floor speaks of,
 *    and only when everybody has covered that dot as well: whoever may have missed its tombstones still is below a floor.
 * 3. Records that carry a gone origin get new dots, a few at a time, from the member with the lowest id, while every known
 *    member is up: whoever is alone may hold what the others have deleted, and new dots would bring it back.
 */
export class Retirement {
  readonly #context: ReplicaContext;
  readonly #stability: Stability;
  #nextMs: number | undefined;
  /** Origins that wait until everybody has covered the dot to which their floors go. */
  #waiting: { readonly origins: readonly Origin[]; readonly seq: number } | undefined;

  constructor(context: ReplicaContext, stability: Stability) {
    this.#context = context;
    this.#stability = stability;
  }

  deadline(): number | undefined {
    return this.#nextMs;
  }

  /** Ends a turn: there may be too many origins now. */
  schedule(now: Instant): void {
    const { settings, local } = this.#context;
    const isCrowded = local.vector.size > settings.maxGoneOrigins;
    if (isCrowded) this.#nextMs ??= now.monotonicMs + settings.retireIntervalMs;
    else this.#nextMs = undefined;
  }

  tick(now: Instant, isReady: boolean): void {
    if (this.#nextMs === undefined || this.#nextMs > now.monotonicMs) return;
    this.#nextMs = undefined;
    const members = this.#stability.members(now);
    if (!isReady || members.some(({ up, report }) => !up || report === undefined)) return;
    const gone = this.#stability.goneOrigins(members);
    if (gone.length <= this.#context.settings.maxGoneOrigins) return;
    const settled = gone.filter((origin) => this.#isSettled(origin, members));
    this.#retire(
      settled.filter((origin) => this.#carried(origin, 1) === 0),
      members,
    );
    // New dots are covered by nobody: a node that is alone may be giving them to what the others have deleted meanwhile.
    const isWhole = [...this.#context.peers.all()].every((peer) => peer.isPartner && !peer.silent);
    if (isWhole && this.#isFirst(members)) this.#redot(settled);
  }

  /** Everybody covers the same of it, without a gap. */
  #isSettled(origin: Origin, members: readonly Peer[]): boolean {
    const own = this.#context.local.vector.get(origin);
    if (own === undefined || own.top !== own.watermark) return false;
    return members.every(({ known }) => {
      const theirs = known.get(origin);
      return theirs?.watermark === own.watermark && theirs.top === own.watermark;
    });
  }

  #carried(origin: Origin, limit: number): number {
    return this.#context.local.store.since(origin, 0, limit).length;
  }

  #retire(origins: readonly Origin[], members: readonly Peer[]): void {
    const { local } = this.#context;
    const bare = origins.filter((origin) => local.floors.get(origin) === undefined);
    for (const origin of bare) this.#giveUp(origin);
    this.#retireWaiting(origins, members);
    const floored = origins.filter((origin) => local.floors.get(origin) !== undefined);
    if (floored.length === 0 || this.#waiting !== undefined) return;
    if (local.origin === '' && !local.vector.hasPlace) return;
    this.#waiting = { origins: floored, seq: local.origins.mark() };
  }

  #retireWaiting(retirable: readonly Origin[], members: readonly Peer[]): void {
    const { local } = this.#context;
    if (this.#waiting === undefined || local.origin === '') return;
    const { origins, seq } = this.#waiting;
    if (!this.#stability.covered(members, local.origin, seq)) return;
    for (const origin of origins) if (retirable.includes(origin)) this.#giveUp(origin, seq);
    this.#waiting = undefined;
  }

  #giveUp(origin: Origin, seq?: number): void {
    const { local } = this.#context;
    local.origins.retire(origin, seq);
    // Everybody has what overtook its writes.
    local.overtaken.drop(origin, Infinity);
  }

  #isFirst(members: readonly Peer[]): boolean {
    const { id } = this.#context.local;
    return members.every((peer) => id < peer.id);
  }

  #redot(settled: readonly Origin[]): void {
    const { local } = this.#context;
    const origins: Origin[] = [];
    let count = 0;
    for (const origin of settled) {
      const carried = this.#carried(origin, maxCarried + 1);
      if (carried === 0 || carried > maxCarried) continue;
      if (count + carried > maxRedotted) break;
      origins.push(origin);
      count += carried;
    }
    // One origin for another gains nothing.
    if (origins.length > 1) local.origins.redot(origins);
  }
}
