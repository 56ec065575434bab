import type { Instant } from '@simpledht/wire';
import type { AntiEntropy } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import type { MapReader } from './map-reader.ts';
import type { Peer } from './peer.ts';

/** How long a peer that was asked may be silent before another is asked as well, ms: a guess above most round trips. */
const askPatienceMs = 500;

/**
 * Brings a replica to `ready`: at once when it is alone; after one exchange with a ready peer; or, when none is ready and
 * bootstrap's attempts are over, after an exchange with every peer that is up. An exchange is over when this replica
 * covers what the peer had.
 *
 * 1. Peers are asked one after the other: each is to bring everything, and one who does is enough.
 * 2. A lost message is no reason to be ready with less than there is: a peer that is up and fails is waited for until
 *    `joinPatienceMs` and several tries have passed, and without limit when it said that it is ready.
 * 3. Nor is a peer that went down: it has `joinGraceMs` to come back, unless a ready one serves meanwhile.
 */
export class Readiness {
  isReady: boolean;
  readonly #context: ReplicaContext;
  readonly #reader: MapReader;
  readonly #antiEntropy: AntiEntropy;
  #areAttemptsOver = false;
  /** When a peer may be asked once more, monotonic ms; `undefined` for at once. */
  #nextAskMs: number | undefined;
  /** Until when a peer that went down may come back, monotonic ms. */
  #graceUntilMs: number | undefined;
  /** When a peer may be given up, monotonic ms. */
  #nextGivenUpMs: number | undefined;

  constructor(context: ReplicaContext, reader: MapReader, antiEntropy: AntiEntropy, alone: boolean) {
    this.#context = context;
    this.#reader = reader;
    this.#antiEntropy = antiEntropy;
    this.isReady = alone;
    if (alone && !context.local.joined) reader.finishEmpty();
    if (alone) context.outbox.notice({ type: 'ready' });
  }

  deadline(): number | undefined {
    if (this.isReady) return undefined;
    const times = [this.#nextAskMs, this.#graceUntilMs, this.#nextGivenUpMs].filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The owner joins others: a replica that was ready because it was alone has to learn what they hold. */
  joining(): void {
    if (!this.isReady || this.#context.peers.up().length > 0) return;
    this.isReady = false;
    this.#areAttemptsOver = false;
    this.#context.local.reopen();
  }

  attemptsOver(): void {
    this.#areAttemptsOver = true;
  }

  peerDown(now: Instant): void {
    if (!this.isReady) this.#graceUntilMs = now.monotonicMs + this.#context.settings.joinGraceMs;
  }

  /** The pages are complete; what the server got meanwhile is still missing. */
  joined(server: Peer, now: Instant): void {
    const isCovered = server.goal !== undefined && this.#context.local.vector.includes(server.goal);
    if (!isCovered) this.#antiEntropy.ask(server, true, now);
  }

  /** Takes the next step that is possible; called after every event. */
  advance(now: Instant): void {
    if (this.isReady) return;
    this.#nextAskMs = unlessPast(this.#nextAskMs, now);
    this.#graceUntilMs = unlessPast(this.#graceUntilMs, now);
    const awaited = this.#awaited(now);
    if (this.#isPulling()) return;
    const isJoined = this.#context.local.joined || this.#join(awaited);
    if (this.#isPulling()) return;
    if (isJoined && this.#isOver(awaited)) this.#becomeReady(now);
    else this.#askNext(awaited, now);
  }

  /** The peers that are up and not given up. */
  #awaited(now: Instant): Peer[] {
    const { joinPatienceMs } = this.#context.settings;
    const awaited: Peer[] = [];
    this.#nextGivenUpMs = undefined;
    for (const peer of this.#context.peers.partners()) {
      const givenUpAtMs = peer.givenUpAtMs(joinPatienceMs);
      if (givenUpAtMs !== undefined && givenUpAtMs <= now.monotonicMs) continue;
      awaited.push(peer);
      if (givenUpAtMs !== undefined) this.#nextGivenUpMs = Math.min(this.#nextGivenUpMs ?? Infinity, givenUpAtMs);
    }
    return awaited;
  }

  #isPulling(): boolean {
    return this.#reader.server !== undefined;
  }

  /** Starts to read pages, or finds that there are none to read. False when it has to wait. */
  #join(awaited: readonly Peer[]): boolean {
    const asked = awaited.filter(({ goal, silent }) => goal !== undefined && !silent);
    const isNobodyLeft = this.#isNobodyElse() && asked.length === awaited.length;
    const server = mostReliable(asked.filter(({ ready }) => ready)) ?? (isNobodyLeft ? largest(asked) : undefined);
    if (server !== undefined) this.#reader.join(server);
    else if (isNobodyLeft) this.#reader.finishEmpty();
    else return false;
    return true;
  }

  /** Nobody is looked for any more, and nobody went down a moment ago. */
  #isNobodyElse(): boolean {
    return this.#areAttemptsOver && this.#graceUntilMs === undefined;
  }

  #isOver(awaited: readonly Peer[]): boolean {
    const done = awaited.filter(({ goal }) => goal !== undefined && this.#context.local.vector.includes(goal));
    if (done.some((peer) => peer.ready)) return true;
    return this.#isNobodyElse() && done.length === awaited.length;
  }

  #becomeReady(now: Instant): void {
    this.isReady = true;
    this.#context.outbox.notice({ type: 'ready' });
    // Everyone learns what is covered now, and brings what it had held back.
    for (const peer of this.#context.peers.up()) {
      peer.goal = undefined;
      this.#antiEntropy.ask(peer, false, now);
    }
  }

  /** Asks a peer that was not asked yet; when all were, one of the ready ones again after a while. */
  #askNext(awaited: readonly Peer[], now: Instant): void {
    // One that failed is asked again by AntiEntropy when its pause is over.
    const reachable = awaited.filter(({ retryAtMs }) => retryAtMs === undefined);
    const isTime = this.#nextAskMs === undefined;
    const isWaiting = (peer: Peer): boolean => this.#context.exchanges.isWaiting(peer, 'digest');
    const isServed = reachable.some(({ goal, ready, silent }) => ready && !silent && goal !== undefined);
    // One at a time: a ready one suffices, and an answer may be on its way.
    if (!isTime && (isServed || reachable.some(isWaiting))) return;
    const fresh = reachable.find((peer) => peer.goal === undefined && !isWaiting(peer));
    const peer = fresh ?? (isTime ? this.#any(reachable) : undefined);
    if (peer === undefined) return;
    this.#nextAskMs = now.monotonicMs + (isServed ? this.#context.settings.digestIntervalMs : askPatienceMs);
    this.#antiEntropy.ask(peer, true, now);
  }

  #any(peers: readonly Peer[]): Peer | undefined {
    const ready = peers.filter((peer) => peer.ready);
    const candidates = ready.length > 0 ? ready : peers;
    return candidates[Math.floor(this.#context.random() * candidates.length)];
  }
}

/** A time that has come is over, or a shell would be told it for ever while there is nothing to do. */
function unlessPast(atMs: number | undefined, now: Instant): number | undefined {
  return atMs !== undefined && atMs <= now.monotonicMs ? undefined : atMs;
}

/** The one that failed least since something last got through. */
function mostReliable(peers: readonly Peer[]): Peer | undefined {
  let best: Peer | undefined;
  for (const peer of peers) if (best === undefined || peer.failures < best.failures) best = peer;
  return best;
}

/** The one that covers most origins' writes; `undefined` when none covers anything. */
function largest(peers: readonly Peer[]): Peer | undefined {
  let best: Peer | undefined;
  let most = 0;
  for (const peer of peers) {
    const sum = (peer.goal?.entries() ?? []).reduce((total, { watermark }) => total + watermark, 0);
    if (sum > most) [best, most] = [peer, sum];
  }
  return best;
}
