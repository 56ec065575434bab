import { originNode, type Digest, type Origin } from '@simpledht/wire';
import type { Instant } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';
import type { Replication } from './replication.ts';
import { VersionVector } from './version-vector.ts';

/**
 * Comparisons in a row that have to differ before the maps are read and repaired. Equal vectors with different contents
 * happen without damage as well: a write is covered, and the one that overwrote it is still on its way from elsewhere.
 */
const patience = 3;

/** What the rest of the replica does with what digests show. */
export interface DigestHooks {
  readonly isReady: () => boolean;
  /** Tombstones may have been missed: what is held here is not to be relied on. */
  readonly isCatchingUp: () => boolean;
  /** A peer holds more of the own origin than this node. */
  readonly onRolledBack: (now: Instant) => void;
  /** Same vector, other content. */
  readonly onDiverged: (peer: Peer, now: Instant) => void;
  /** The peer has purged tombstones that this node may have missed. */
  readonly onBehind: (peer: Peer, now: Instant) => void;
  /** The peer covers less than it did, or is not ready. */
  readonly onShrunk: () => void;
}

/**
 * Compares vectors with one random peer every 2 s, backing off to 15 s while nothing differs, and asks a peer for its
 * vector when it appears or has failed. Whoever starts a round brings the other what it lacks; whoever is not ready is
 * brought everything by the peer that it asks, and by that one alone.
 *
 * 1. Contents are compared only between ready replicas with equal vectors (equal intervals too: a gap stays for ever when
 *    its owner died); when they differ again and again, both read each other's map.
 * 2. What a live origin wrote since the last round is left to its owner, who has it on the way.
 */
export class AntiEntropy {
  readonly #context: ReplicaContext;
  readonly #replication: Replication;
  readonly #hooks: DigestHooks;
  #intervalMs: number;
  #nextRoundMs: number | undefined;
  /** Watermarks at the last round. Bounded like the vector. */
  #settled = new Map<Origin, number>();

  constructor(context: ReplicaContext, replication: Replication, hooks: DigestHooks) {
    this.#context = context;
    this.#replication = replication;
    this.#hooks = hooks;
    this.#intervalMs = context.settings.digestIntervalMs;
  }

  /** When the next round or retry is due, monotonic ms. */
  deadline(): number | undefined {
    let earliest: number | undefined;
    for (const peer of this.#context.peers.all()) {
      if (!peer.isPartner) continue;
      earliest = least(earliest, this.#nextRoundMs);
      earliest = least(earliest, peer.retryAtMs);
    }
    return earliest;
  }

  tick(now: Instant): void {
    for (const peer of this.#context.peers.partners()) {
      if (peer.retryAtMs === undefined || peer.retryAtMs > now.monotonicMs) continue;
      peer.retryAtMs = undefined;
      if (peer.silent) this.ask(peer, true, now);
    }
    if (this.#nextRoundMs !== undefined && this.#nextRoundMs <= now.monotonicMs) this.#round(now);
  }

  /** Something was written or merged: differences are likely again. */
  changed(now: Instant): void {
    if (this.#intervalMs === this.#context.settings.digestIntervalMs) return;
    this.#intervalMs = this.#context.settings.digestIntervalMs;
    this.#nextRoundMs = Math.min(this.#nextRoundMs ?? Infinity, now.monotonicMs + this.#jittered());
  }

  /** Sends the digest, once at a time per peer. With `serve` the peer is brought all that it lacks when it answers. */
  ask(peer: Peer, serve: boolean, now: Instant): void {
    this.#nextRoundMs ??= now.monotonicMs + this.#jittered();
    if (this.#context.exchanges.isWaiting(peer, 'digest')) return;
    const digest = this.digest(now, peer.known, !peer.silent);
    this.#context.exchanges.send(digest, [{ kind: 'digest', peer, serve }]);
  }

  /** For a peer that covers `known`; when that is not current, nothing is concluded from it. */
  digest(now: Instant, known: VersionVector, isCurrent: boolean): Digest {
    const { local } = this.#context;
    return {
      kind: 'digest',
      from: local.id,
      origin: local.origin,
      ready: this.#isReliable(),
      hlc: local.clock.report(now.wallMs),
      // While the first pages run the records are there and yet not all: nothing is covered.
      vector: local.joined ? local.vector.entries() : [],
      behind: isCurrent && local.joined && local.floors.isMissedBy(known, local.vector),
      unsettled: local.unsettled.size > 0,
      retired: local.vector.retiredFor(known),
      durable: local.store.durable,
      count: local.content.count,
      sumHigh: local.content.high,
      sumLow: local.content.low,
    };
  }

  /** A peer asked: the answer is this node's digest. A peer that is not ready is brought everything. */
  requested(peer: Peer | undefined, digest: Digest, now: Instant): Digest {
    this.#context.counters.digestsReceived += 1;
    if (peer?.quarantined !== true && peer !== undefined)
      this.#learn(peer, digest, { serve: !digest.ready, asked: true }, now);
    return this.digest(now, vectorOf(digest), true);
  }

  answered(peer: Peer, digest: Digest, serve: boolean, now: Instant): void {
    this.#context.counters.digestsReceived += 1;
    if (peer.quarantined) return;
    this.#learn(peer, digest, { serve: serve && digest.ready, asked: false }, now);
    if (!this.#hooks.isReady()) setGoal(peer, VersionVector.from(digest.vector));
  }

  /** A digest or a page was not answered, or with nothing of use. */
  failed(peer: Peer, isPage: boolean, now: Instant): void {
    peer.failedToServe(now.monotonicMs, isPage);
    const { counters, exchanges, settings } = this.#context;
    counters.failures += 1;
    const pauseMs = Math.min(settings.retryMaxMs, settings.retryMinMs * 2 ** peer.failures);
    peer.pause(now.monotonicMs + pauseMs, exchanges.newest);
  }

  #learn(peer: Peer, digest: Digest, { serve, asked }: { serve: boolean; asked: boolean }, now: Instant): void {
    const { local } = this.#context;
    if (peer.silent) peer.accountedBytes = local.writtenBytes;
    // What it had before its own first sync is no goal any more.
    if (digest.ready && !peer.ready) peer.goal = undefined;
    peer.ready = digest.ready;
    peer.origin = digest.origin;
    peer.unsettled = digest.unsettled;
    peer.joining = !digest.ready && digest.vector.length === 0;
    const wasBehind = peer.saysBehind;
    peer.saysBehind = digest.behind && digest.ready;
    this.#context.peers.setDurable(peer, digest.durable);
    local.clock.observe(digest.hlc, now.wallMs);
    this.#learnVector(peer, digest, now);
    this.#takeRetired(digest);
    this.#checkOwnOrigin(peer, now);
    if (local.origin !== '') peer.confirm(local.origin, local.sequence);
    if (peer.behind || (!digest.ready && (peer.joining || !asked))) this.#sendLiveOnly(peer);
    if (!peer.joining && !peer.behind) this.#owe(peer, serve, asked);
    if (peer.saysBehind && local.joined) this.#saidBehind(peer, wasBehind, now);
    this.#compare(peer, digest, now);
  }

  /** What this node wrote in former lives nobody else has on the way: it is brought to everyone at once. */
  #owe(peer: Peer, serve: boolean, asked: boolean): void {
    const { id } = this.#context.local;
    if (serve) this.#replication.owe(peer, (origin) => this.#limit(origin, asked));
    else if (peer.owed.size === 0) this.#replication.owe(peer, (origin) => (originNode(origin) === id ? Infinity : 0));
  }

  /**
   * Of an origin that the peer has retired nothing is to be had any more: its writes were overwritten by what the peer
   * covers. Who covers all of that, and has missed no tombstone, has what took their place.
   */
  #takeRetired({ ready, behind, retired, vector }: Digest): void {
    const { local } = this.#context;
    if (retired.length === 0 || !ready || behind || !local.joined) return;
    if (!local.vector.includes(VersionVector.from(vector))) return;
    for (const { origin, watermark } of retired) local.cover(origin, { from: 0, to: watermark });
  }

  /** A peer that lists what is retired here was perhaps not told so yet: it may judge again, now that it is. */
  #saidBehind(peer: Peer, wasBehind: boolean, now: Instant): void {
    const { retired } = this.#context.local.vector;
    const isTold = wasBehind || ![...peer.known.origins()].some((origin) => retired.has(origin));
    if (isTold) this.#hooks.onBehind(peer, now);
    else this.ask(peer, false, now);
  }

  #learnVector(peer: Peer, digest: Digest, now: Instant): void {
    const vector = vectorOf(digest);
    if (!digest.ready || !vector.includes(peer.known)) this.#hooks.onShrunk();
    peer.learn(vector);
    peer.learntAtMs = now.monotonicMs;
    const { local } = this.#context;
    peer.behind = local.joined && local.floors.isMissedBy(vector, local.vector);
    const { origin, hlc } = digest;
    peer.report = digest.ready ? { hlc, origin, seq: origin === '' ? 0 : vector.watermark(origin) } : undefined;
  }

  #isReliable(): boolean {
    return this.#hooks.isReady() && !this.#hooks.isCatchingUp();
  }

  /** It is being brought up to date by another peer, or by pages: twice would be waste. */
  #sendLiveOnly(peer: Peer): void {
    const { origin, sequence } = this.#context.local;
    if (origin !== '') peer.skipTo(origin, sequence);
  }

  #checkOwnOrigin(peer: Peer, now: Instant): void {
    const { origin, sequence } = this.#context.local;
    if (origin !== '' && (peer.known.get(origin)?.top ?? 0) > sequence) this.#hooks.onRolledBack(now);
  }

  /** Up to where a foreign origin is brought to a peer: what its owner has on the way is left to the owner. */
  #limit(origin: Origin, asked: boolean): number {
    const owner = this.#context.peers.get(originNode(origin));
    const isLive = owner !== undefined && owner.up && !owner.silent && owner.origin === origin;
    return isLive && !asked ? (this.#settled.get(origin) ?? 0) : Infinity;
  }

  #compare(peer: Peer, digest: Digest, now: Instant): void {
    const { local } = this.#context;
    const isEqual = local.joined && !peer.joining && local.vector.equals(peer.known);
    const isComparable = isEqual && digest.ready && this.#isReliable();
    const isSame = isComparable && local.content.equals(digest);
    if (isSame && !peer.synced) this.#context.outbox.notice({ type: 'synced', peer: peer.id });
    peer.synced = isSame;
    peer.differing = isComparable && !isSame ? peer.differing + 1 : 0;
    if (peer.differing >= patience) this.#hooks.onDiverged(peer, now);
  }

  #round(now: Instant): void {
    const candidates = this.#context.peers.partners().filter(({ retryAtMs }) => retryAtMs === undefined);
    const peer = candidates[Math.floor(this.#context.random() * candidates.length)];
    this.#backOff();
    this.#replication.forgetOvertaken();
    this.#nextRoundMs = now.monotonicMs + this.#jittered();
    // Before that, Readiness asks: one peer at a time, since each would bring everything.
    if (!this.#hooks.isReady()) return;
    if (peer !== undefined) this.ask(peer, true, now);
    this.#settled = new Map(this.#context.local.vector.entries().map(({ origin, watermark }) => [origin, watermark]));
  }

  /** Doubles the interval while everyone compared is equal; `changed` takes it back. */
  #backOff(): void {
    const { digestIntervalMs, digestMaxIntervalMs } = this.#context.settings;
    const isQuiet = this.#context.peers.partners().every(({ synced }) => synced);
    this.#intervalMs = isQuiet ? Math.min(digestMaxIntervalMs, this.#intervalMs * 2) : digestIntervalMs;
  }

  /** ± 25 %, so that nodes do not march in step. */
  #jittered(): number {
    return this.#intervalMs * (0.75 + this.#context.random() / 2);
  }
}

/** All that the sender of a digest covers, as far as it tells. */
function vectorOf({ vector, retired }: Digest): VersionVector {
  const whole = VersionVector.from(vector);
  for (const entry of retired) whole.coverEntry(entry);
  return whole;
}

/** A goal stays where it was set, or it would run away from a replica that catches up with busy writers. */
function setGoal(peer: Peer, vector: VersionVector): void {
  // A peer that no longer covers its goal lost it, and cannot bring it.
  if (peer.goal === undefined || !vector.includes(peer.goal)) peer.goal = vector;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
