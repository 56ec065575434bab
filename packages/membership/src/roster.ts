import type { Address, Instant, MemberState, MemberUpdate, NodeId } from '@simpledht/wire';
import { AddressBook } from './address-book.ts';
import { isLive, newEntry, viewOf, type Entry, type Member } from './member.ts';
import type { Outbox } from './outbox.ts';
import { hearsayBound, isPlausible, maxOwnIncarnation, supersedes } from './precedence.ts';
import type { Self } from './self.ts';
import type { MembershipSettings } from './settings.ts';

/** An advertised address that does not answer is tried again after this. */
const advertisedPauseMs = 60_000;

/** Who hears of what happens in the roster. */
export interface RosterListener {
  /** `before` is undefined for a new member; equal to the state when only the incarnation grew. */
  changed(entry: Entry, before: MemberState | undefined, now: Instant): void;
  /** A message came from the member at an address that was not verified for it. */
  verified(entry: Entry, now: Instant): void;
  /** Another node answers at its address; it is no longer in the roster. */
  replaced(entry: Entry): void;
  forgotten(entry: Entry): void;
  /** It may answer at this address too: by its own advertisement, or by news of its return. */
  elsewhere(entry: Entry, address: Address, now: Instant): void;
}

/**
 * Everyone known but this node, in any state.
 *
 * Invariants:
 * 1. This node's own id is never in it.
 * 2. A member's incarnation never falls; at one incarnation its state only worsens (alive, suspect, dead, left).
 * 3. Hearsay kills nobody who lives: a "dead" told of a live member makes a suspect, who can refute.
 * 4. At one verified address there is one member: the last that spoke from there.
 * 5. At most `settings.maxMembers` members. When full, a live newcomer takes the place of the member longest dead
 *    (never verified ones first); without one, or if it is itself dead, it is turned away and counted `roster-full`.
 */
export class Roster {
  readonly #settings: MembershipSettings;
  readonly #self: Self;
  readonly #outbox: Outbox;
  readonly #listener: RosterListener;
  readonly #entries = new Map<NodeId, Entry>();
  readonly #addresses = new AddressBook();
  #members: readonly Member[] | undefined;
  #live: readonly Entry[] | undefined;
  #sortedIds: readonly NodeId[] | undefined;

  constructor(settings: MembershipSettings, self: Self, outbox: Outbox, listener: RosterListener) {
    this.#settings = settings;
    this.#self = self;
    this.#outbox = outbox;
    this.#listener = listener;
  }

  get(id: NodeId): Entry | undefined {
    return this.#entries.get(id);
  }

  holderOf(address: Address): Entry | undefined {
    return this.#addresses.holderOf(address);
  }

  /** Snapshots of all; the same array until something changes. */
  get members(): readonly Member[] {
    return (this.#members ??= [...this.#entries.values()].map(viewOf));
  }

  /** Alive and suspect ones. */
  get live(): readonly Entry[] {
    return (this.#live ??= [...this.#entries.values()].filter(isLive));
  }

  /** Live members and this node: the N of the formulas. */
  get size(): number {
    return this.live.length + 1;
  }

  get deadCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === 'dead') count++;
    return count;
  }

  /** Ids in order, for paging. */
  get sortedIds(): readonly NodeId[] {
    return (this.#sortedIds ??= [...this.#entries.keys()].sort());
  }

  /** What a third party says of a member. */
  hear(update: MemberUpdate, now: Instant): void {
    this.#hearUpTo(hearsayBound(this.#entries.get(update.id)?.incarnation ?? 0), update, now);
  }

  #hearUpTo(maxIncarnation: number, update: MemberUpdate, now: Instant): void {
    if (update.id === this.#self.id || !isPlausible(update, maxIncarnation)) {
      this.#outbox.count('updates-implausible');
      return;
    }
    const entry = this.#entries.get(update.id);
    if (entry === undefined) this.#hearOfStranger(update, now);
    else if (supersedes(update, entry)) this.#hearOfMember(entry, update, now);
  }

  /** What a member says of itself: `source` is where its message came from. */
  speak(update: MemberUpdate, source: Address, now: Instant): void {
    if (update.id === this.#self.id || update.state !== 'alive' || !isPlausible(update, maxOwnIncarnation)) {
      this.#outbox.count('updates-implausible');
      return;
    }
    const known = this.#entries.get(update.id);
    const entry = known ?? this.#admit({ ...update, address: source }, now);
    if (entry === undefined) return;
    this.verify(entry, source, now);
    if (known === undefined) this.#listener.changed(entry, undefined, now);
    else if (supersedes(update, entry)) this.#become(entry, 'alive', update.incarnation, now);
    if (update.address !== '') this.#advertised(entry, update.address, now);
  }

  /** A message came from the member at this address, over a validated path: that beats whatever was told. */
  verify(entry: Entry, address: Address, now: Instant): void {
    entry.lastSeenMs = now.monotonicMs;
    this.#touch(entry);
    entry.pinned ||= entry.advertised === address;
    if (entry.verified && entry.address === address) return;
    if (entry.pinned && entry.advertised !== address) this.#alias(entry, address);
    else this.#move(entry, address, now);
  }

  /** This node's own verdict. */
  declare(entry: Entry, state: 'suspect' | 'dead', now: Instant): void {
    this.#become(entry, state, entry.incarnation, now);
  }

  /** The member's own goodbye. */
  depart(entry: Entry, incarnation: number, now: Instant): void {
    this.#become(entry, 'left', incarnation, now);
  }

  /** Known from an earlier life of this process: dead until it answers. */
  recall(update: MemberUpdate, now: Instant): void {
    const state = update.state === 'left' ? 'left' : 'dead';
    // What is beyond hearsay was the member's own word then.
    this.#hearUpTo(maxOwnIncarnation, { ...update, state }, now);
  }

  /** One acknowledgement's samples, smoothed as RFC 6298 §2 does with the round-trip time. */
  measure(entry: Entry, rttMs: number, clockOffsetMs: number): void {
    entry.rttMs = entry.rttMs === undefined ? rttMs : entry.rttMs + (rttMs - entry.rttMs) / 8;
    const held = entry.clockOffsetMs;
    entry.clockOffsetMs = held === undefined ? clockOffsetMs : held + (clockOffsetMs - held) / 8;
    this.#touch(entry);
  }

  /** Drops who was last said to be at an address that turned out to be this node's own. */
  dropUnverifiedAt(address: Address): void {
    for (const entry of this.#entries.values()) {
      if (entry.address === address && !entry.verified) this.#replace(entry);
    }
  }

  /** Drops the dead and the left of long ago. */
  forgetOld(now: Instant): void {
    for (const entry of this.#entries.values()) {
      if (!isLive(entry) && entry.since + this.#settings.forgetAfterMs <= now.monotonicMs) this.#forget(entry);
    }
  }

  #hearOfStranger(update: MemberUpdate, now: Instant): void {
    const { address } = update;
    // Without an address it cannot be reached; at an address that another answers at, it is gone.
    if (address === '' || this.#addresses.holderOf(address) !== undefined || this.#self.answersAt(address)) {
      this.#outbox.count('updates-refused');
      return;
    }
    const entry = this.#admit(update, now);
    if (entry !== undefined) this.#listener.changed(entry, undefined, now);
  }

  #hearOfMember(entry: Entry, update: MemberUpdate, now: Instant): void {
    const moved = update.address !== '' && update.address !== entry.address && update.state === 'alive';
    if (moved && !isLive(entry)) this.#believe(entry, update.address);
    const state = update.state === 'dead' && isLive(entry) ? 'suspect' : update.state;
    this.#become(entry, state, update.incarnation, now);
    if (moved && entry.address !== update.address) this.#listener.elsewhere(entry, update.address, now);
  }

  #admit(update: MemberUpdate, now: Instant): Entry | undefined {
    if (!this.#makeRoom(update)) {
      this.#outbox.count('roster-full');
      return undefined;
    }
    const entry = newEntry(update, now.monotonicMs);
    this.#entries.set(entry.id, entry);
    this.#sortedIds = undefined;
    this.#live = undefined;
    this.#touch(entry);
    return entry;
  }

  #makeRoom(newcomer: { readonly state: MemberState }): boolean {
    if (this.#entries.size < this.#settings.maxMembers) return true;
    if (!isLive(newcomer)) return false;
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (!isLive(entry) && (oldest === undefined || leavesBefore(entry, oldest))) oldest = entry;
    }
    if (oldest !== undefined) this.#forget(oldest);
    return oldest !== undefined;
  }

  #become(entry: Entry, state: MemberState, incarnation: number, now: Instant): void {
    const before = entry.state;
    if (before === state && entry.incarnation === incarnation) return;
    entry.state = state;
    entry.incarnation = incarnation;
    if (before !== state) entry.since = now.monotonicMs;
    if (state !== 'alive') entry.pinned = false;
    this.#live = undefined;
    this.#touch(entry);
    this.#listener.changed(entry, before, now);
  }

  #move(entry: Entry, address: Address, now: Instant): void {
    this.#clear(address, entry);
    if (entry.verified) this.#outbox.count('addresses-changed');
    this.#addresses.assign(entry, address);
    this.#touch(entry);
    this.#listener.verified(entry, now);
  }

  /** Its own wish; it becomes its address once it has answered there. */
  #advertised(entry: Entry, address: Address, now: Instant): void {
    const isNew = entry.advertised !== address;
    entry.advertised = address;
    if (entry.address === address) entry.pinned = entry.verified;
    else if (isNew || entry.advertisedTriedMs + advertisedPauseMs <= now.monotonicMs) {
      entry.advertisedTriedMs = now.monotonicMs;
      this.#listener.elsewhere(entry, address, now);
    }
  }

  #alias(entry: Entry, address: Address): void {
    if (entry.alias === address && this.#addresses.holderOf(address) === entry) return;
    this.#clear(address, entry);
    this.#addresses.alias(entry, address);
  }

  /** Hearsay of a member that is not live: it is said to be back, elsewhere. */
  #believe(entry: Entry, address: Address): void {
    if (this.#addresses.holderOf(address) !== undefined || this.#self.answersAt(address)) return;
    this.#addresses.disown(entry, address);
    this.#touch(entry);
  }

  /** Whoever else was held to be at this address is not: a process that was started anew there has a new id. */
  #clear(address: Address, newcomer: Entry): void {
    const holder = this.#addresses.holderOf(address);
    if (holder !== undefined && holder !== newcomer && holder.alias === address) this.#addresses.dropAlias(holder);
    for (const entry of this.#entries.values()) {
      if (entry !== newcomer && entry.address === address) this.#replace(entry);
    }
  }

  #replace(entry: Entry): void {
    this.#remove(entry);
    this.#listener.replaced(entry);
  }

  #forget(entry: Entry): void {
    this.#remove(entry);
    this.#listener.forgotten(entry);
  }

  #remove(entry: Entry): void {
    this.#addresses.remove(entry);
    this.#entries.delete(entry.id);
    this.#sortedIds = undefined;
    this.#live = undefined;
    this.#members = undefined;
  }

  #touch(entry: Entry): void {
    entry.view = undefined;
    this.#members = undefined;
  }
}

function leavesBefore(left: Entry, right: Entry): boolean {
  if (left.verified !== right.verified) return !left.verified;
  return left.since < right.since;
}
