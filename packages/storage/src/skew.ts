import type { Instant, NodeId } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';

/** Of the limit: below this a quarantined member is let in again, when that was measured so many times in a row. */
const releaseShare = 0.5;
const releaseMeasurements = 3;
/** Members, this one included, from which on a median says who is wrong. */
const minMembers = 3;

/** How far the clock of a member is ahead of this node's, ms, give or take an error. */
interface Offset {
  readonly offsetMs: number;
  readonly errorMs: number;
}

interface Measured extends Offset {
  /** Measurements in a row near the median. */
  near: number;
  warned: boolean;
}

/**
 * Judges members' clocks by the offsets that probes measured.
 *
 * 1. A member is quarantined when its clock is surely off against the median of all, this node's included, by more than
 *    `maxSkewMs`: of two members nobody can tell which one is wrong.
 * 2. A process that was stopped between a probe and its answer looks off by half of that time; its error says so.
 * 3. Single records are never refused for their clock: that would make replicas differ for ever.
 */
export class Skew {
  readonly #context: ReplicaContext;
  /** Bounded by the members; a forgotten one is dropped. */
  readonly #measured = new Map<NodeId, Measured>();
  /** The wall clock at monotonic zero. */
  #zeroMs: number | undefined;

  constructor(context: ReplicaContext) {
    this.#context = context;
  }

  /** True when the peer was let in again. */
  measured(peer: Peer, { offsetMs, errorMs }: Offset, now: Instant): boolean {
    const { warnSkewMs, maxSkewMs } = this.#context.settings;
    this.#noticeStep(now);
    const last = this.#measured.get(peer.id);
    const measured: Measured = { offsetMs, errorMs, near: last?.near ?? 0, warned: last?.warned ?? false };
    this.#measured.set(peer.id, measured);
    const deviation = Math.abs(offsetMs - this.#median());
    measured.near = deviation + errorMs < maxSkewMs * releaseShare ? measured.near + 1 : 0;
    if (peer.quarantined) return this.#release(peer, measured);
    if (this.#measured.size + 1 >= minMembers && deviation - errorMs > maxSkewMs) this.#quarantine(peer, offsetMs);
    else if (Math.abs(offsetMs) - errorMs > warnSkewMs !== measured.warned) this.#warn(peer, measured);
    return false;
  }

  /** When the own wall clock jumps, what was measured against it before says nothing any more. */
  #noticeStep({ wallMs, monotonicMs }: Instant): void {
    const zeroMs = wallMs - monotonicMs;
    const isStep = Math.abs(zeroMs - (this.#zeroMs ?? zeroMs)) > this.#context.settings.warnSkewMs;
    this.#zeroMs = zeroMs;
    if (isStep) this.#measured.clear();
  }

  forget(id: NodeId): void {
    this.#measured.delete(id);
  }

  #quarantine(peer: Peer, offsetMs: number): void {
    peer.quarantined = true;
    this.#context.outbox.notice({ type: 'clock-skew', peer: peer.id, offsetMs, quarantined: true });
  }

  #release(peer: Peer, { near, offsetMs }: Measured): boolean {
    if (near < releaseMeasurements) return false;
    peer.quarantined = false;
    this.#context.outbox.notice({ type: 'clock-skew', peer: peer.id, offsetMs, quarantined: false });
    return true;
  }

  /** Told once, and again after it was right in between. */
  #warn(peer: Peer, now: Measured): void {
    now.warned = !now.warned;
    if (!now.warned) return;
    this.#context.outbox.notice({ type: 'clock-skew', peer: peer.id, offsetMs: now.offsetMs, quarantined: false });
  }

  /** Of the clocks of all members that were measured and of this node, as offsets to this node's. */
  #median(): number {
    const offsets = [0, ...Array.from(this.#measured.values(), ({ offsetMs }) => offsetMs)].sort((a, b) => a - b);
    const middle = offsets.length >> 1;
    const upper = offsets[middle] ?? 0;
    return offsets.length % 2 === 1 ? upper : (upper + (offsets[middle - 1] ?? 0)) / 2;
  }
}
