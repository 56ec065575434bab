import type { Instant, Page, StorageReply } from '@simpledht/wire';
import type { AntiEntropy } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import type { ReplicaEvent } from './effects.ts';
import type { Exchange } from './exchanges.ts';
import type { MapReader, PageOutcome } from './map-reader.ts';
import type { Peer } from './peer.ts';
import type { Readiness } from './readiness.ts';
import type { Repair } from './repair.ts';
import type { Replication } from './replication.ts';
import type { Retirement } from './retirement.ts';
import type { Serving } from './serving.ts';
import type { Skew } from './skew.ts';
import type { Upkeep } from './upkeep.ts';

export interface ReplicaParts {
  readonly antiEntropy: AntiEntropy;
  readonly readiness: Readiness;
  readonly reader: MapReader;
  readonly repair: Repair;
  readonly replication: Replication;
  readonly serving: Serving;
  readonly skew: Skew;
  readonly retirement: Retirement;
  readonly upkeep: Upkeep;
  /** Somebody else wrote under the own origin. */
  readonly onRolledBack: (now: Instant) => void;
}

/** Hands each event to the parts that it is for. */
export class ReplicaEvents {
  /** Records were written or merged since the last flush. */
  isTouched = false;
  readonly #context: ReplicaContext;
  readonly #parts: ReplicaParts;

  constructor(context: ReplicaContext, parts: ReplicaParts) {
    this.#context = context;
    this.#parts = parts;
  }

  handle(event: ReplicaEvent, now: Instant): void {
    switch (event.type) {
      case 'peer-up':
        this.#peerUp(this.#context.peers.open(event.peer, now.monotonicMs), now);
        break;
      case 'peer-down':
      case 'peer-forgotten':
        this.#peerGone(event, now);
        break;
      case 'joining':
        this.#parts.readiness.joining();
        break;
      case 'attempts-over':
        this.#parts.readiness.attemptsOver();
        break;
      case 'request':
        this.#requested(event, now);
        break;
      case 'answered':
        this.#answered(event.exchange, event.message, now);
        break;
      case 'failed':
        this.#failed(event.exchange, now);
        break;
      case 'clock-offset':
        this.#clockMeasured(event, now);
        break;
      case 'identity-conflict':
        this.#parts.onRolledBack(now);
        break;
      case 'tick':
        this.#tick(now);
        break;
    }
  }

  #tick(now: Instant): void {
    const { antiEntropy, readiness, reader, upkeep, retirement, repair } = this.#parts;
    antiEntropy.tick(now);
    const isReliable = readiness.isReady && !reader.isCatchingUp;
    try {
      upkeep.tick(now, isReliable);
    } finally {
      retirement.tick(now, isReliable);
      repair.tick(now);
    }
  }

  /** A replica that is not ready asks one peer at a time (see Readiness); it answers the others. */
  #peerUp(peer: Peer, now: Instant): void {
    peer.up = true;
    peer.remembered = false;
    if (this.#parts.readiness.isReady && !peer.quarantined) this.#parts.antiEntropy.ask(peer, false, now);
  }

  #peerGone({ type, peer: id }: Extract<ReplicaEvent, { type: 'peer-down' | 'peer-forgotten' }>, now: Instant): void {
    const { peers } = this.#context;
    const peer = peers.get(id);
    if (peer !== undefined) this.#disconnect(peer, now);
    if (type === 'peer-down') this.#parts.readiness.peerDown(now);
    else {
      peers.forget(id);
      this.#parts.skew.forget(id);
    }
  }

  #disconnect(peer: Peer, now: Instant): void {
    peer.disconnect(now.monotonicMs);
    this.#context.exchanges.drop(peer);
    this.#parts.reader.cut(peer);
    this.#parts.repair.cut(peer);
  }

  /** A peer that is quarantined is cut off like one that went down, and asked anew when it is let in again. */
  #clockMeasured(event: Extract<ReplicaEvent, { type: 'clock-offset' }>, now: Instant): void {
    const peer = this.#context.peers.get(event.peer);
    if (peer?.up !== true) return;
    const wasQuarantined = peer.quarantined;
    const isReleased = this.#parts.skew.measured(peer, event, now);
    if (peer.quarantined && !wasQuarantined) {
      this.#disconnect(peer, now);
      peer.up = true;
    }
    if (isReleased) this.#peerUp(peer, now);
  }

  #requested(event: Extract<ReplicaEvent, { type: 'request' }>, now: Instant): void {
    if (event.message.kind === 'delta') this.isTouched = true;
    const message = this.#parts.serving.reply(event.message, event.peer, now);
    this.#context.outbox.push({ type: 'reply', exchange: event.exchange, message });
  }

  #answered(number: number, message: StorageReply, now: Instant): void {
    const exchange = this.#context.exchanges.end(number);
    if (exchange === undefined) return;
    const { kind, peer } = exchange;
    // Another process may answer at the address by now: what it holds the peer need not hold.
    if ('from' in message && message.from !== peer.id) {
      this.#context.counters.strangersAnswered += 1;
      this.#gaveUp(exchange, number, now);
    } else if (kind === 'delta' && message.kind === 'covered') {
      this.#parts.replication.answered(peer, number, message, now.monotonicMs);
    } else if (kind === 'digest' && message.kind === 'digest') {
      this.#parts.antiEntropy.answered(peer, message, exchange.serve, now);
    } else if (kind === 'page' && message.kind === 'page') {
      this.isTouched = true;
      this.#pageCame(exchange, number, message, now);
    } else if (kind === 'buckets' && message.kind === 'buckets') {
      this.#parts.repair.answered(peer, message, now);
    } else this.#gaveUp(exchange, number, now);
  }

  /** What the store does not take of a page did not come: it is asked for again. */
  #pageCame(exchange: Exchange, number: number, page: Page, now: Instant): void {
    let outcome: PageOutcome;
    try {
      outcome = this.#parts.reader.received(number, page, now);
    } catch (error) {
      this.#gaveUp(exchange, number, now);
      throw error;
    }
    this.#pageRead(exchange.peer, outcome, now);
  }

  #pageRead(peer: Peer, outcome: PageOutcome, now: Instant): void {
    switch (outcome) {
      case 'joined':
        this.#parts.readiness.joined(peer, now);
        break;
      case 'caught-up':
        this.#parts.antiEntropy.ask(peer, true, now);
        break;
      case 'repaired':
        this.#parts.repair.repaired(peer);
        this.#context.outbox.notice({ type: 'repaired', peer: peer.id });
        break;
      case 'stuck':
        this.#parts.antiEntropy.failed(peer, true, now);
        break;
      case 'read':
      case 'late':
    }
  }

  #failed(number: number, now: Instant): void {
    const exchange = this.#context.exchanges.end(number);
    if (exchange !== undefined) this.#gaveUp(exchange, number, now);
  }

  #gaveUp({ kind, peer }: Exchange, number: number, now: Instant): void {
    if (kind === 'delta') this.#parts.replication.failed(peer, number, now.monotonicMs);
    else if (kind === 'buckets') this.#parts.repair.cut(peer);
    else {
      this.#parts.antiEntropy.failed(peer, kind === 'page', now);
      this.#parts.reader.failed(number);
    }
  }
}
