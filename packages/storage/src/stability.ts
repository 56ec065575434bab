import type { Instant, NodeId, Origin } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';

/** What a member said of itself: no later write of it is at or below `hlc`, and `seq` is the last one so far. */
export interface Report {
  readonly hlc: number;
  readonly origin: Origin | '';
  readonly seq: number;
}

/** Follows one member: a report counts once everybody covers what had been written by then. */
export class StableClock {
  #candidate: Report | undefined;
  /** Everybody covers every write of the member with a version up to this. */
  hlc = 0;

  reset(): void {
    this.#candidate = undefined;
    this.hlc = 0;
  }

  advance(report: Report, isCovered: (report: Report) => boolean): number {
    this.#candidate ??= report;
    if (!isCovered(this.#candidate)) return this.hlc;
    this.hlc = Math.max(this.hlc, this.#candidate.hlc);
    this.#candidate = undefined;
    if (report.hlc > this.hlc && isCovered(report)) this.hlc = report.hlc;
    return this.hlc;
  }
}

/** What membership knows; see `ReplicaOptions`. */
interface Surroundings {
  readonly members?: () => Iterable<NodeId>;
  readonly isSearching?: () => boolean;
}

/** Of the most keys, so many tombstones: beyond that members that are down no longer hold the purge back. */
const tombstoneShare = 0.1;

/**
 * How far causal stability reaches (Almeida, Shoker and Baquero 2014; the rule here is the one that a model of it held to
 * in thousands of seeds): a write below the frontier is covered by every member, and no write below it is still to come.
 *
 * 1. Counted are this node and the members that are up, or down for less than their grace. Who is not counted is kept
 *    from undoing deletes by the floors.
 * 2. A member's writes up to its stable clock are covered by all counted members; the frontier is the least of these.
 * 3. Of origins under which no counted member writes, all counted members must cover the same.
 * 4. Whoever nobody here has met yet counts as one that is down: while a bootstrap name has led nowhere, for its grace.
 * 5. When somebody new counts, or a member covers less than before, everything is proven anew.
 */
export class Stability {
  readonly #context: ReplicaContext;
  readonly #roster: () => Iterable<NodeId>;
  readonly #isSearching: () => boolean;
  /** When this replica began, monotonic ms. */
  #beganMs: number | undefined;
  readonly #own = new StableClock();
  #counted = new Set<NodeId>();

  constructor(context: ReplicaContext, { members = () => [], isSearching = () => false }: Surroundings) {
    this.#context = context;
    this.#roster = members;
    this.#isSearching = isSearching;
  }

  /** The members that count beside this one. */
  members({ monotonicMs }: Instant): Peer[] {
    const { peers, settings } = this.#context;
    this.#takeRoster(monotonicMs);
    const isRoomy = this.#isRoomy;
    return [...peers.all()].filter((peer) => {
      if (peer.quarantined) return false;
      // One that never gets ready must not hold the purge back for ever: it reads the map of others anyway.
      if (peer.up) return isRoomy || peer.report !== undefined;
      const graceMs = peer.durable ? settings.tombstoneGraceMs : settings.volatileGraceMs;
      peer.downSinceMs ??= monotonicMs;
      return isRoomy && monotonicMs - peer.downSinceMs < graceMs;
    });
  }

  /** Members that were heard of only, and those of a former life that the others no longer know. */
  #takeRoster(nowMs: number): void {
    const { peers, local } = this.#context;
    const roster = new Set(this.#roster());
    for (const id of roster) if (id !== local.id) peers.open(id, nowMs);
    if (peers.up().length === 0) return;
    for (const { id, remembered } of [...peers.all()]) if (remembered && !roster.has(id)) peers.forget(id);
  }

  /** Tombstones with a version below this may be purged if all members cover their dots; 0 when nothing is stable. */
  frontier(members: readonly Peer[], now: Instant): number {
    this.#notice(members);
    const { local } = this.#context;
    if (this.#isUnsettled(members) || this.#mayBeOthers(now)) return 0;
    const own: Report = { hlc: local.clock.report(now.wallMs), origin: local.origin, seq: local.sequence };
    const isCovered = ({ origin, seq }: Report): boolean => origin === '' || this.covered(members, origin, seq);
    let frontier = this.#own.advance(own, isCovered);
    for (const { report, stable } of members) {
      if (report === undefined) return 0;
      frontier = Math.min(frontier, stable.advance(report, isCovered));
    }
    return frontier > 0 && this.#agreeOnGone(members) ? frontier : 0;
  }

  /** Somebody covers what it may not hold. With very many tombstones that is risked: those who fall behind are overloaded. */
  #isUnsettled(members: readonly Peer[]): boolean {
    const { local } = this.#context;
    return this.#isRoomy && (local.unsettled.size > 0 || members.some(({ unsettled }) => unsettled));
  }

  #mayBeOthers({ monotonicMs }: Instant): boolean {
    const { local, settings } = this.#context;
    const graceMs = local.store.durable ? settings.tombstoneGraceMs : settings.volatileGraceMs;
    this.#beganMs ??= monotonicMs;
    return this.#isRoomy && this.#isSearching() && monotonicMs - this.#beganMs < graceMs;
  }

  get #isRoomy(): boolean {
    const { local, settings } = this.#context;
    return local.content.tombstones < settings.maxKeys * tombstoneShare;
  }

  /** This node and all of these members cover the dot and everything before it. */
  covered(members: readonly Peer[], origin: Origin, seq: number): boolean {
    if (this.#context.local.vector.watermark(origin) < seq) return false;
    return members.every(({ known }) => known.watermark(origin) >= seq);
  }

  /** This node and all of these members cover the dot. */
  coveredDot(members: readonly Peer[], origin: Origin, seq: number): boolean {
    if (!this.#context.local.vector.covers(origin, seq)) return false;
    return members.every(({ known }) => known.covers(origin, seq));
  }

  /** A member covers less than it did. */
  reset(): void {
    this.#counted.clear();
  }

  /** Origins under which no counted member writes any more. */
  goneOrigins(members: readonly Peer[]): Origin[] {
    const { vector, origin } = this.#context.local;
    const current = new Set<Origin | ''>([origin, ...members.map(({ report }) => report?.origin ?? '')]);
    return [...vector.origins()].filter((candidate) => !current.has(candidate));
  }

  #notice(members: readonly Peer[]): void {
    const isNew = members.some(({ id }) => !this.#counted.has(id));
    this.#counted = new Set(members.map(({ id }) => id));
    if (!isNew) return;
    this.#own.reset();
    for (const { stable } of members) stable.reset();
  }

  #agreeOnGone(members: readonly Peer[]): boolean {
    const { vector, origin: own } = this.#context.local;
    const current = new Set<Origin | ''>([own, ...members.map(({ report }) => report?.origin ?? '')]);
    return members.every(({ known }) => {
      for (const origin of vector.origins()) {
        if (!current.has(origin) && vector.get(origin)?.firstLackedBy(known.coverOf(origin)) !== undefined)
          return false;
      }
      for (const origin of known.origins()) {
        if (!current.has(origin) && known.get(origin)?.firstLackedBy(vector.coverOf(origin)) !== undefined)
          return false;
      }
      return true;
    });
  }
}
