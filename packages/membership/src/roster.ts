import type { Address, Instant, MemberState, MemberUpdate, NodeId } from '@simpledht/wire';
import { AddressBook } from './address-book.ts';
import { narrowed, type ClockBounds } from './clock-bounds.ts';
import type { RecalledMember } from './events.ts';
import { Forgotten } from './forgotten.ts';
import { MemberTable } from './member-table.ts';
import { accusersOf, isAccused, isLive, newEntry, smoothed, type Entry, type Member } from './member.ts';
import type { Outbox } from './outbox.ts';
import { hearsayBound, isPlausible, maxOwnIncarnation, supersedes, type Claim } from './precedence.ts';
import type { RosterListener } from './roster-listener.ts';
import type { Self } from './self.ts';
import { keptForMs, type MembershipSettings } from './settings.ts';
import type { IdPage } from './sorted-ids.ts';

/** An advertised address that does not answer is tried again after this. */
const advertisedPauseMs = 60_000;

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
  readonly #listenerOf: () => RosterListener;
  readonly #table = new MemberTable();
  readonly #addresses = new AddressBook();
  readonly #forgotten = new Forgotten();

  /** The listener acts on parts that need the roster, so it is asked for when it is needed. */
  constructor(settings: MembershipSettings, self: Self, outbox: Outbox, listenerOf: () => RosterListener) {
    this.#settings = settings;
    this.#self = self;
    this.#outbox = outbox;
    this.#listenerOf = listenerOf;
  }

  get #listener(): RosterListener {
    return this.#listenerOf();
  }

  get revision(): number {
    return this.#table.revision;
  }

  get(id: NodeId): Entry | undefined {
    return this.#table.get(id);
  }

  holderOf(address: Address): Entry | undefined {
    return this.#addresses.holderOf(address);
  }

  get members(): readonly Member[] {
    return this.#table.members;
  }

  get live(): readonly Entry[] {
    return this.#table.live;
  }

  /** Live members and this node: the N of the formulas. */
  get size(): number {
    return this.live.length + 1;
  }

  get deadCount(): number {
    return this.#table.deadCount;
  }

  idsAfter(id: NodeId | '', count: number): IdPage {
    return this.#table.idsAfter(id, count);
  }

  /** What a third party says of a member. */
  hear(update: MemberUpdate, now: Instant): void {
    this.#hearUpTo(hearsayBound(this.#table.get(update.id)?.incarnation ?? 0), update, now);
  }

  #hearUpTo(maxIncarnation: number, update: MemberUpdate, now: Instant): void {
    if (update.id === this.#self.id || !isPlausible(update, maxIncarnation)) {
      this.#outbox.count('updates-implausible');
      return;
    }
    const entry = this.#table.get(update.id);
    if (entry === undefined) this.#hearOfStranger(update, now);
    else if (supersedes(update, entry)) this.#hearOfMember(entry, update, now);
    else if (isAccused(update.state) && update.incarnation === entry.incarnation) this.#accuse(entry, update, now);
  }

  /** What a member says of itself: `source` is where its message came from. */
  speak(update: MemberUpdate, source: Address, now: Instant): void {
    if (update.id === this.#self.id || update.state !== 'alive' || !isPlausible(update, maxOwnIncarnation)) {
      this.#outbox.count('updates-implausible');
      return;
    }
    const known = this.#table.get(update.id);
    const entry = known ?? this.#admit({ ...update, address: source }, now);
    if (entry === undefined) return;
    entry.durable = update.durable;
    this.verify(entry, source, now);
    if (known === undefined) this.#listener.changed(entry, undefined, now);
    else if (supersedes(update, entry)) this.#become(entry, update, now);
    if (update.address !== '') this.#advertised(entry, update.address, now);
  }

  /** A message came from the member at this address, over a validated path: that beats whatever was told. */
  verify(entry: Entry, address: Address, now: Instant): void {
    entry.lastSeenMs = now.monotonicMs;
    this.#table.touched(entry);
    entry.pinned ||= entry.advertised === address;
    if (entry.verified && entry.address === address) return;
    if (entry.pinned && entry.advertised !== address) this.#alias(entry, address);
    else this.#move(entry, address, now);
  }

  /** Its address does not answer, though it may live: both may have moved at once, and only others know where it is now. */
  unreached(entry: Entry, now: Instant): void {
    if (isLive(entry) && entry.rumour !== undefined) this.#listener.elsewhere(entry, entry.rumour, now);
  }

  /** This node itself has asked in vain: the first to say so, or one more. */
  suspect(entry: Entry, now: Instant): void {
    this.#become(entry, { state: 'suspect', incarnation: entry.incarnation, accusers: [this.#self.id] }, now);
  }

  /** Somebody says what only the member may say: it may be so, and it can refute. */
  doubt({ id, durable }: Entry, incarnation: number, now: Instant): void {
    this.hear({ id, address: '', state: 'suspect', incarnation, durable, accusers: [] }, now);
  }

  /** The suspect's time is over. */
  bury(entry: Entry, now: Instant): void {
    this.#become(entry, { ...entry, state: 'dead' }, now);
  }

  /** The member's own goodbye. */
  depart(entry: Entry, incarnation: number, now: Instant): void {
    this.#become(entry, { state: 'left', incarnation, accusers: [] }, now);
  }

  /** Known from an earlier life of this process: dead until it answers. Who lived then is dead from now on. */
  recall({ since, ...update }: RecalledMember, now: Instant): void {
    const state = update.state === 'left' ? 'left' : 'dead';
    // What is beyond hearsay was the member's own word then.
    this.#hearUpTo(maxOwnIncarnation, { ...update, state, accusers: [] }, now);
    const entry = this.#table.get(update.id);
    if (entry === undefined || isLive(entry) || isLive(update)) return;
    entry.since = Math.min(since ?? now.monotonicMs, now.monotonicMs);
  }

  /** One acknowledgement's samples. */
  measure(entry: Entry, rttMs: number, clock: ClockBounds): void {
    entry.rttMs = smoothed(entry.rttMs, rttMs);
    entry.clock = narrowed(entry.clock, clock);
    this.#table.touched(entry);
  }

  /** Drops who was last said to be at an address that turned out to be this node's own. */
  dropUnverifiedAt(address: Address): void {
    for (const entry of this.#addresses.at(address)) if (!entry.verified) this.#replace(entry);
  }

  /** Drops the dead and the left of long ago. */
  forgetOld(now: Instant): void {
    for (const entry of this.#table.all()) {
      const untilMs = entry.since + keptForMs(this.#settings, entry.durable);
      if (!isLive(entry) && untilMs <= now.monotonicMs) this.#forget(entry, now);
    }
  }

  #hearOfStranger(update: MemberUpdate, now: Instant): void {
    const { address } = update;
    // Without an address it cannot be reached; at an address that another answers at, it is gone.
    const isTaken = this.#addresses.holderOf(address) !== undefined || this.#self.answersAt(address);
    if (address === '' || isTaken || this.#forgotten.isOldTale(update)) {
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
    this.#become(entry, { ...update, state }, now);
    if (moved && entry.address !== update.address) this.#listener.elsewhere(entry, update.address, now);
  }

  #admit(update: MemberUpdate, now: Instant): Entry | undefined {
    if (!this.#makeRoom(update, now)) {
      this.#outbox.count('roster-full');
      return undefined;
    }
    const entry = newEntry(update, now.monotonicMs);
    this.#table.add(entry);
    this.#addresses.admit(entry);
    return entry;
  }

  #makeRoom(newcomer: { readonly state: MemberState }, now: Instant): boolean {
    if (this.#table.size < this.#settings.maxMembers) return true;
    if (!isLive(newcomer)) return false;
    const oldest = this.#table.firstToLeave();
    if (oldest !== undefined) this.#forget(oldest, now);
    return oldest !== undefined;
  }

  #become(entry: Entry, { state, incarnation, accusers }: Claim, now: Instant): void {
    const before = entry.state;
    const isOfSameLife = entry.incarnation === incarnation;
    if (before === state && isOfSameLife) {
      this.#accuse(entry, { state, accusers }, now);
      return;
    }
    entry.accusers = isAccused(state) ? accusersOf(entry.id, isOfSameLife ? entry.accusers : [], accusers) : [];
    entry.state = state;
    entry.incarnation = incarnation;
    if (before !== state) entry.since = now.monotonicMs;
    if (state !== 'alive') entry.pinned = false;
    this.#table.changed(entry);
    this.#listener.changed(entry, before, now);
  }

  #accuse(entry: Entry, { state, accusers }: Pick<Claim, 'state' | 'accusers'>, now: Instant): void {
    if (!isAccused(entry.state)) return;
    if (entry.state === 'dead' && state === 'suspect') this.#listener.doubted(entry, accusers, now);
    const all = accusersOf(entry.id, entry.accusers, accusers);
    if (all.length === entry.accusers.length) return;
    entry.accusers = all;
    this.#table.touched(entry);
    if (entry.state === 'suspect') this.#listener.accused(entry, now);
  }

  #move(entry: Entry, address: Address, now: Instant): void {
    this.#clear(address, entry);
    const from = entry.verified ? entry.address : undefined;
    this.#addresses.assign(entry, address);
    this.#table.changed(entry);
    this.#listener.verified(entry, from, now);
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
    this.#table.changed(entry);
  }

  /** Whoever else was held to be at this address is not: a process that was started anew there has a new id. */
  #clear(address: Address, newcomer: Entry): void {
    const holder = this.#addresses.holderOf(address);
    if (holder !== undefined && holder !== newcomer && holder.alias === address) this.#addresses.dropAlias(holder);
    for (const entry of this.#addresses.at(address)) if (entry !== newcomer) this.#replace(entry);
  }

  #replace(entry: Entry): void {
    this.#remove(entry);
    this.#listener.replaced(entry);
  }

  #forget(entry: Entry, now: Instant): void {
    this.#forgotten.add(entry);
    this.#remove(entry);
    this.#listener.forgotten(entry, now);
  }

  #remove(entry: Entry): void {
    this.#addresses.remove(entry);
    this.#table.remove(entry);
  }
}
