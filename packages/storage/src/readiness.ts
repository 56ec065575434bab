import type { Instant } from '@simpledht/wire';
import type { AntiEntropy } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import type { Joining } from './joining.ts';
import type { Peer } from './peer.ts';

/** How long a peer that was asked may be silent before another is asked as well, ms: a guess above most round trips. */
const askPatienceMs = 500;

/**
 * Brings a replica to `ready`: at once when it is alone; after one exchange with a ready peer; or, when none is ready and
 * bootstrap's attempts are over, after an exchange with every peer that can be reached. An exchange is over when this
 * replica covers what the peer had.
 *
 * Peers are asked one after the other: each is to bring everything, and one who does is enough.
 */
export class Readiness {
  isReady: boolean;
  readonly #context: ReplicaContext;
  readonly #joining: Joining;
  readonly #antiEntropy: AntiEntropy;
  #areAttemptsOver = false;
  /** When a peer may be asked once more, monotonic ms; `undefined` for at once. */
  #nextAskMs: number | undefined;

  constructor(context: ReplicaContext, joining: Joining, antiEntropy: AntiEntropy, alone: boolean) {
    this.#context = context;
    this.#joining = joining;
    this.#antiEntropy = antiEntropy;
    this.isReady = alone;
    if (alone && !context.local.joined) joining.finishEmpty();
    if (alone) context.outbox.notice({ type: 'ready' });
  }

  deadline(): number | undefined {
    return this.isReady ? undefined : this.#nextAskMs;
  }

  /** The owner joins others: a replica that was ready because it was alone has to learn what they hold. */
  joining(): void {
    if (!this.isReady || this.#context.peers.up().length > 0) return;
    this.isReady = false;
    this.#areAttemptsOver = false;
  }

  attemptsOver(): void {
    this.#areAttemptsOver = true;
  }

  /** The pages are complete; what the server got meanwhile is still missing. */
  joined(server: Peer, now: Instant): void {
    const isCovered = server.goal !== undefined && this.#context.local.vector.includes(server.goal);
    if (!isCovered) this.#antiEntropy.ask(server, true, now);
  }

  /** Takes the next step that is possible; called after every event. */
  advance(now: Instant): void {
    // A time that has come is over, or a shell would be told it for ever while there is nobody to ask.
    if (this.#nextAskMs !== undefined && this.#nextAskMs <= now.monotonicMs) this.#nextAskMs = undefined;
    if (this.isReady || this.#isPulling()) return;
    const reachable = this.#context.peers.up().filter(({ silent, failures }) => failures === 0 || !silent);
    const isJoined = this.#context.local.joined || this.#join(reachable);
    if (this.#isPulling()) return;
    if (isJoined && this.#isOver(reachable)) this.#becomeReady(now);
    else this.#askNext(reachable, now);
  }

  #isPulling(): boolean {
    return this.#joining.server !== undefined;
  }

  /** Starts to read pages, or finds that there are none to read. False when it has to wait. */
  #join(reachable: readonly Peer[]): boolean {
    const asked = reachable.filter(({ goal }) => goal !== undefined);
    const ready = asked.find((peer) => peer.ready);
    const isNobodyLeft = this.#areAttemptsOver && asked.length === reachable.length;
    const server = ready ?? (isNobodyLeft ? largest(asked) : undefined);
    if (server !== undefined) this.#joining.pull(server);
    else if (isNobodyLeft) this.#joining.finishEmpty();
    else return false;
    return true;
  }

  #isOver(reachable: readonly Peer[]): boolean {
    const done = reachable.filter(({ goal }) => goal !== undefined && this.#context.local.vector.includes(goal));
    if (done.some((peer) => peer.ready)) return true;
    return this.#areAttemptsOver && done.length === reachable.length;
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
  #askNext(reachable: readonly Peer[], now: Instant): void {
    const isTime = this.#nextAskMs === undefined;
    const isWaiting = (peer: Peer): boolean => this.#context.exchanges.isWaiting(peer, 'digest');
    const isServed = reachable.some(({ goal, ready }) => ready && goal !== undefined);
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
