import { limits, type Gossip as GossipMessage, type Instant, type MemberUpdate, type NodeId } from '@simpledht/wire';
import { sample, type RandomSource } from './chance.ts';
import type { Entry } from './member.ts';
import { News, type Budget } from './news.ts';
import type { Outbox } from './outbox.ts';
import type { Roster } from './roster.ts';
import type { Self } from './self.ts';
import { transmitLimit, type MembershipSettings } from './settings.ts';
import { utf8Bytes } from './text.ts';

/** Everything of a datagram but its updates and addresses, encoded: kind, two ids, nonce, clock. Rounded up. */
const headerBytes = 128;

/** One update without its address and accusers, encoded: an id as text, the longest state, a 9-byte number, heads. Rounded up. */
const updateBytes = 64;

/** One accuser: an id with its head. */
const accuserBytes = 18;

export interface GossipParts {
  readonly settings: MembershipSettings;
  readonly random: RandomSource;
  readonly self: Self;
  readonly roster: Roster;
  readonly outbox: Outbox;
}

/**
 * Spreads news: on every probe and acknowledgement that is sent anyway, and in rounds of its own while there is any.
 *
 * Invariants:
 * 1. With no news there are no rounds and no timer.
 * 2. Only verified members are spoken of, each at the address where it answered this very node; and without an address
 *    those that did not answer this very node, so that whoever knows them need not wait, and nobody learns of them.
 * 3. Every message starts with this node itself, so a receiver always learns whose address it sees, at what incarnation.
 * 4. Whoever is held suspect, dead or left is told so in whatever is sent to it, so that it can refute at once
 *    (Lifeguard §IV-C, the buddy system).
 */
export class Gossip {
  readonly #settings: MembershipSettings;
  readonly #random: RandomSource;
  readonly #self: Self;
  readonly #roster: Roster;
  readonly #outbox: Outbox;
  readonly #news = new News();
  #nextMs: number | undefined;

  constructor(parts: GossipParts) {
    this.#settings = parts.settings;
    this.#random = parts.random;
    this.#self = parts.self;
    this.#roster = parts.roster;
    this.#outbox = parts.outbox;
  }

  /** There is something new to say of this member, or of this node. */
  spread(id: NodeId, now: Instant, options: { readonly urgent: boolean }): void {
    if (this.#describe(id) === undefined) return;
    this.#news.add(id, options.urgent);
    // Not at once: what happens in the same moment goes together.
    this.#nextMs ??= now.monotonicMs + this.#random() * this.#settings.gossipIntervalMs;
  }

  /** This node itself has asked it in vain, and those who told have not heard of that. */
  accuses({ accusers }: Entry, told: readonly NodeId[] = []): boolean {
    return accusers.includes(this.#self.id) && !told.includes(this.#self.id);
  }

  drop(id: NodeId): void {
    this.#news.remove(id);
  }

  stop(): void {
    this.#news.clear();
    this.#nextMs = undefined;
  }

  deadline(): number | undefined {
    return this.#nextMs;
  }

  tick(now: Instant): void {
    if (this.#nextMs === undefined || now.monotonicMs < this.#nextMs) return;
    const peers = sample(this.#roster.live, this.#settings.gossipFanout, this.#random, (entry) => entry.verified);
    // With nobody to tell, the news can wait for ever: whoever comes gets the whole roster.
    if (peers.length === 0) this.#news.clear();
    for (const peer of peers) if (!this.#news.isEmpty) this.#tell(peer);
    this.#nextMs = this.#news.isEmpty ? undefined : now.monotonicMs + this.#settings.gossipIntervalMs;
  }

  /** What goes into a datagram for this member. `otherBytes`: further text in the message. */
  updatesFor(target: NodeId, otherBytes = 0): MemberUpdate[] {
    const budget = new ByteBudget(this.#settings.maxGossipBytes - headerBytes - otherBytes);
    const first = [this.#self.update, ...this.accusation(target)];
    for (const update of first) budget.take(update);
    const limit = transmitLimit(this.#settings, this.#roster.size);
    const news = this.#news.take(limit, (id) => this.#describe(id), budget);
    return first.concat(news.filter((update) => update.id !== target && update.id !== this.#self.id));
  }

  /** What the member must hear of itself, if anything. */
  accusation(target: NodeId): readonly MemberUpdate[] {
    const entry = this.#roster.get(target);
    return entry === undefined || entry.state === 'alive' ? [] : [updateOf(entry)];
  }

  #tell(peer: Entry): void {
    const message: GossipMessage = { kind: 'gossip', from: this.#self.id, updates: this.updatesFor(peer.id) };
    this.#outbox.send(peer.address, message);
  }

  #describe(id: NodeId): MemberUpdate | undefined {
    if (id === this.#self.id) return this.#self.update;
    const entry = this.#roster.get(id);
    if (entry?.verified === true) return updateOf(entry);
    return entry !== undefined && this.accuses(entry) ? { ...updateOf(entry), address: '' } : undefined;
  }
}

export function updateOf({ id, address, state, incarnation, durable, accusers }: Entry): MemberUpdate {
  return { id, address, state, incarnation, durable, accusers };
}

/** Counts bytes and updates of one datagram. */
class ByteBudget implements Budget {
  #bytes: number;
  #updates: number = limits.maxMembersPerMessage;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(update: MemberUpdate): boolean {
    const bytes = updateBytes + utf8Bytes(update.address) + accuserBytes * update.accusers.length;
    if (bytes > this.#bytes || this.#updates === 0) return false;
    this.#bytes -= bytes;
    this.#updates--;
    return true;
  }
}
