import { limits } from '@simpledht/wire';
import type {
  Address,
  Instant,
  Leave,
  MemberUpdate,
  MembershipDatagram,
  MembershipRequest,
  NodeId,
  Ping,
  PingAck,
  Roster as RosterPage,
  RosterExchange,
} from '@simpledht/wire';
import { boundsOf } from './clock-bounds.ts';
import type { Exchanges } from './exchanges.ts';
import type { Gossip } from './gossip.ts';
import type { LocalHealth } from './local-health.ts';
import { isLive, noteRumour, type Entry } from './member.ts';
import type { Outbox } from './outbox.ts';
import type { Prober } from './prober.ts';
import type { Roster } from './roster.ts';
import type { Self } from './self.ts';
import { utf8Bytes } from './text.ts';

/** "You are dead" is told to one peer at most this often, whatever it sends: foca once flooded (its v0.12). */
const tellPauseMs = 1000;

/** Peers told of late; the oldest makes room. */
const maxTold = 256;

export interface ListenerParts {
  readonly self: Self;
  readonly roster: Roster;
  readonly gossip: Gossip;
  readonly prober: Prober;
  readonly exchanges: Exchanges;
  readonly health: LocalHealth;
  readonly outbox: Outbox;
}

/**
 * Takes in what other nodes say.
 *
 * Invariants:
 * 1. Only the sender's own word, over its own path, moves its address; the word of a helper is hearsay.
 * 2. A datagram is answered by at most one datagram to its sender, or sent on as one to the node it is for.
 */
export class Listener {
  readonly #parts: ListenerParts;
  /** When each peer was last told that it is held dead. At most `maxTold`. */
  readonly #toldMs = new Map<NodeId, number>();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  datagram(message: MembershipDatagram, source: Address, now: Instant): void {
    this.#parts.outbox.count(`${message.kind}-received`);
    switch (message.kind) {
      case 'ping':
        this.#ping(message, source, now);
        return;
      case 'ping-ack':
        this.#ack(message, source, now);
        return;
      case 'ping-request':
        if (!this.#hear(message, source, now)) return;
        this.#parts.prober.relay(message, source, now);
        return;
      case 'ping-nack':
        this.#parts.prober.hearNack(message);
        return;
      case 'gossip':
        if (this.#hear(message, source, now)) this.#tell(message.from, now);
        return;
      default:
        message satisfies never;
    }
  }

  request(message: MembershipRequest, source: Address, exchange: number, now: Instant): void {
    const { outbox } = this.#parts;
    outbox.count(`${message.kind}-received`);
    if (message.kind === 'leave') {
      this.#leave(message, source, now);
      outbox.push({ type: 'reply', exchange, message: { kind: 'done' } });
    } else {
      this.#exchange(message, source, exchange, now);
    }
  }

  /** A page of another's roster, asked for at `source`. */
  answer(page: RosterPage, source: Address, now: Instant): void {
    const { self, roster } = this.#parts;
    if (page.from === self.id) {
      if (page.incarnation !== self.incarnation) self.conflict(source, page.incarnation, now);
      this.#foundSelf(source);
      return;
    }
    const { from: id, incarnation, durable } = page;
    roster.speak({ id, address: '', state: 'alive', incarnation, durable, accusers: [] }, source, now);
    this.#hearAll(page.members, page.from, undefined, now);
    this.#observed(page.observed, page.from);
    this.#tell(page.from, now);
  }

  #ping(ping: Ping, source: Address, now: Instant): void {
    const { self, prober, gossip, outbox } = this.#parts;
    const echo = ping.from === self.id && prober.isOwn(ping.nonce);
    if (!echo && !this.#hear(ping, source, now)) return;
    outbox.send(source, {
      kind: 'ping-ack',
      from: self.id,
      nonce: ping.nonce,
      nowMs: now.wallMs,
      observed: source,
      updates: gossip.updatesFor(ping.from, utf8Bytes(source)),
    });
  }

  #ack(ack: PingAck, source: Address, now: Instant): void {
    const { self, roster, prober, outbox } = this.#parts;
    const ping = prober.acknowledge(ack, source);
    if (ping === undefined) outbox.count('acks-unmatched');
    else if (ping.kind === 'indirect') this.#hearAll(ack.updates, ack.from, undefined, now);
    else if (ack.from === self.id) this.#foundSelf(source);
    else {
      this.#hear(ack, source, now);
      const entry = roster.get(ack.from);
      if (entry !== undefined) this.#measure(entry, ack.nowMs, now.monotonicMs - ping.sentMs, now);
      this.#observed(ack.observed, ack.from);
    }
  }

  #exchange(message: RosterExchange, source: Address, exchange: number, now: Instant): void {
    const { self, roster, gossip, exchanges, outbox } = this.#parts;
    const { from, incarnation, advertise, durable } = message;
    if (from === self.id) {
      // Its own dial has come back to it, unless that cannot be: then somebody else has its id.
      if (exchanges.size === 0 || incarnation !== self.incarnation) self.conflict(source, incarnation, now);
    } else {
      const word = { id: from, address: advertise, state: 'alive', incarnation, durable, accusers: [] } as const;
      roster.speak(word, source, now);
      this.#hearAll(message.members, from, undefined, now);
    }
    const page = exchanges.page(message.after);
    outbox.push({
      type: 'reply',
      exchange,
      message: {
        kind: 'roster',
        from: self.id,
        incarnation: self.incarnation,
        observed: source,
        members: [...gossip.accusation(from), ...page.members],
        next: page.next,
        durable: self.durable,
      },
    });
  }

  #leave(message: Leave, source: Address, now: Instant): void {
    const { roster } = this.#parts;
    const { from, incarnation } = message;
    const entry = roster.get(from);
    if (entry === undefined) return;
    // Its own word, whatever others have made it out to be at meanwhile: it will not be there to outbid them.
    if (entry.address === source || entry.alias === source)
      roster.depart(entry, Math.max(incarnation, entry.incarnation), now);
    // Somebody else may have said it; a suspect can refute.
    else roster.doubt(entry, incarnation, now);
  }

  /** The sender's own word first, then what it tells of others. False when the sender has this node's id. */
  #hear(
    message: { readonly from: NodeId; readonly updates: readonly MemberUpdate[] },
    source: Address,
    now: Instant,
  ): boolean {
    const { self, roster } = this.#parts;
    if (message.from === self.id) {
      self.conflict(source, message.updates.find(({ id }) => id === self.id)?.incarnation ?? 0, now);
      return false;
    }
    this.#hearAll(message.updates, message.from, source, now);
    const entry = roster.get(message.from);
    if (entry !== undefined) roster.verify(entry, source, now);
    return true;
  }

  #hearAll(updates: readonly MemberUpdate[], from: NodeId, source: Address | undefined, now: Instant): void {
    const { self, roster, gossip, health } = this.#parts;
    for (const update of updates.slice(0, limits.maxMembersPerMessage)) {
      if (update.id === self.id) {
        if (!self.hear(update, now)) continue;
        if (update.state !== 'alive') health.worsen(1);
        gossip.spread(self.id, now, { urgent: true });
      } else if (update.id === from && source !== undefined) roster.speak(update, source, now);
      else {
        roster.hear(update, now);
        const entry = roster.get(update.id);
        if (entry !== undefined) noteRumour(entry, update);
      }
    }
  }

  #measure(entry: Entry, peerNowMs: number, rttMs: number, now: Instant): void {
    if (!Number.isFinite(peerNowMs) || Math.abs(peerNowMs) > Number.MAX_SAFE_INTEGER) return;
    this.#parts.roster.measure(entry, rttMs, boundsOf(peerNowMs, rttMs, now));
  }

  #observed(address: Address, by: NodeId): void {
    if (this.#parts.self.observe(address)) {
      this.#parts.outbox.notice({ type: 'observed-address', address, by });
    }
  }

  /** What was said to be another node there is this one. */
  #foundSelf(address: Address): void {
    this.#parts.self.observe(address);
    this.#parts.roster.dropUnverifiedAt(address);
  }

  /** Who is held dead or gone, and speaks, is told, so that it can refute. */
  #tell(id: NodeId, now: Instant): void {
    const { roster, prober } = this.#parts;
    const entry = roster.get(id);
    if (entry === undefined || isLive(entry)) return;
    const lastMs = this.#toldMs.get(id) ?? -Infinity;
    if (now.monotonicMs - lastMs < tellPauseMs) return;
    this.#toldMs.delete(id);
    this.#toldMs.set(id, now.monotonicMs);
    const [oldest] = this.#toldMs.keys();
    if (this.#toldMs.size > maxTold && oldest !== undefined) this.#toldMs.delete(oldest);
    prober.ping(id, entry.address, now);
  }
}
