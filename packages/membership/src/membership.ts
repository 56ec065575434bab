import type { Address, Instant, NodeId } from '@simpledht/wire';
import { Bootstrap } from './bootstrap.ts';
import type { RandomSource } from './chance.ts';
import { earliest } from './deadlines.ts';
import type { MembershipEffect, MembershipEvent, RecalledMember } from './events.ts';
import { Exchanges, type Outcome } from './exchanges.ts';
import { Gossip } from './gossip.ts';
import { Healer } from './healer.ts';
import { Listener } from './listener.ts';
import { LocalHealth } from './local-health.ts';
import { Lost } from './lost.ts';
import { isLive, viewOf, type Entry, type Member } from './member.ts';
import { Outbox } from './outbox.ts';
import { Prober } from './prober.ts';
import { Roster } from './roster.ts';
import type { RosterListener } from './roster-listener.ts';
import { Self, type SelfOptions } from './self.ts';
import { presets, type MembershipSettings } from './settings.ts';
import { Suspicions } from './suspicions.ts';
import { Transitions } from './transitions.ts';

export interface MembershipOptions extends SelfOptions {
  /** Uniform in [0, 1). */
  readonly random: RandomSource;
  /** What differs from `presets.lan`. */
  readonly settings?: Partial<MembershipSettings>;
}

/**
 * Who is in the cluster: SWIM with local health and buddy system, bootstrap, and healing, as a core without IO.
 *
 * The shell calls `handle` with what happens and when, then performs what `take` gives, and calls `handle` with a `tick`
 * at `deadline()`.
 *
 * Invariants (those of the parts stand at the parts):
 * 1. Without events nothing happens: no time passes inside, nothing is read from outside.
 * 2. `deadline()` is undefined, or the moment of the earliest thing due; a tick then leaves no deadline in the past.
 * 3. After `leave` there is no deadline but that of the goodbyes, and nothing is said but goodbyes.
 */
export class Membership {
  readonly #settings: MembershipSettings;
  readonly #outbox = new Outbox();
  readonly #self: Self;
  readonly #roster: Roster;
  readonly #gossip: Gossip;
  readonly #prober: Prober;
  readonly #suspicions: Suspicions;
  readonly #exchanges: Exchanges;
  readonly #healer: Healer;
  readonly #lost: Lost;
  readonly #bootstrap: Bootstrap;
  readonly #listener: Listener;
  readonly #health: LocalHealth;

  constructor(options: MembershipOptions) {
    const settings = { ...presets.lan, ...options.settings };
    const { random } = options;
    const outbox = this.#outbox;
    const self = new Self(options, outbox);
    const roster = new Roster(settings, self, outbox, (): RosterListener => transitions);
    const health = new LocalHealth();
    const gossip = new Gossip({ settings, random, self, roster, outbox });
    const parts = { settings, random, self, roster, gossip, health, outbox };
    const exchanges = new Exchanges(parts, (page, source, now) => {
      this.#listener.answer(page, source, now);
    });
    const prober = new Prober({ ...parts, exchanges }, (entry, now) => {
      this.#suspect(entry, now);
    });
    const healer = new Healer({ ...parts, exchanges });
    const lost = new Lost({ ...parts, exchanges });
    const bootstrap = new Bootstrap({ ...parts, exchanges, lost });
    const suspicions = new Suspicions(settings);
    const transitions = new Transitions({ ...parts, prober, suspicions, healer, lost, bootstrap });
    this.#settings = settings;
    this.#health = health;
    this.#self = self;
    this.#roster = roster;
    this.#gossip = gossip;
    this.#suspicions = suspicions;
    this.#prober = prober;
    this.#exchanges = exchanges;
    this.#healer = healer;
    this.#lost = lost;
    this.#bootstrap = bootstrap;
    this.#listener = new Listener({ ...parts, prober, exchanges });
  }

  handle(event: MembershipEvent, now: Instant): void {
    if (this.#self.leaving) this.#handleLeaving(event, now);
    else {
      this.#handle(event, now);
      this.#healer.report();
    }
  }

  /** Drains the effects, in the order in which they are to be performed. */
  take(): readonly MembershipEffect[] {
    return this.#outbox.take();
  }

  /** Monotonic ms of the next needed tick. */
  deadline(): number | undefined {
    if (this.#self.leaving) return this.#exchanges.deadline();
    return earliest(
      this.#prober.deadline(),
      this.#gossip.deadline(),
      this.#suspicions.deadline(),
      this.#exchanges.deadline(),
      this.#healer.deadline(),
      this.#lost.deadline(),
      this.#bootstrap.deadline(),
    );
  }

  /** Everyone known but this node, in any state; the same array until something changes. */
  get members(): readonly Member[] {
    return this.#roster.members;
  }

  member(id: NodeId): Member | undefined {
    const entry = this.#roster.get(id);
    return entry === undefined ? undefined : viewOf(entry);
  }

  /** Who answers at that address: the member that last spoke from there. */
  idOf(address: Address): NodeId | undefined {
    return this.#roster.holderOf(address)?.id;
  }

  /** The own incarnation: grows when this node refutes. */
  get incarnation(): number {
    return this.#self.incarnation;
  }

  /** Grows with everything that is worth keeping for a later life. */
  get revision(): number {
    return this.#roster.revision + this.#self.incarnation;
  }

  /** Some bootstrap name has led to nobody so far: there may be members that nobody here has heard of. */
  get isSearching(): boolean {
    return this.#bootstrap.isSearching;
  }

  /** After `leave`: every goodbye was answered or given up. */
  get departed(): boolean {
    return this.#self.leaving && this.#exchanges.size === 0;
  }

  /** What probe intervals and time-outs are multiplied with: 1 when all is well, 8 at the worst. */
  get health(): number {
    return this.#health.multiplier;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#outbox.counters;
  }

  #handle(event: MembershipEvent, now: Instant): void {
    switch (event.type) {
      case 'tick':
        this.#tick(now);
        return;
      case 'datagram':
        this.#listener.datagram(event.message, event.from, now);
        return;
      case 'request':
        this.#listener.request(event.message, event.from, event.exchange, now);
        return;
      case 'answered':
        this.#exchanges.answer(event.exchange, event.message, now);
        return;
      case 'failed':
        this.#exchanges.fail(event.exchange, event.reason, now);
        return;
      case 'join':
        this.#bootstrap.join(event.name, now);
        return;
      case 'unjoin':
        this.#bootstrap.drop(event.name);
        return;
      case 'resolved':
        this.#bootstrap.resolved(event.name, event.addresses, now);
        return;
      case 'unresolved':
        this.#bootstrap.unresolved(event.name, event.reason, now);
        return;
      case 'recall':
        this.#recall(event.members, now);
        return;
      case 'forget':
        this.#dismiss(event.id, now);
        return;
      case 'advertise':
        this.#self.advertise = event.address;
        return;
      case 'link-restarted':
        this.#meet(event.address, now);
        return;
      case 'link-down':
        this.#doubt(event.address, now);
        return;
      case 'leave':
        this.#leave(now);
    }
  }

  #recall(members: readonly RecalledMember[], now: Instant): void {
    for (const member of members) this.#roster.recall(member, now);
    this.#healer.recall(members, now);
  }

  /** Others leave at the same time and want their answer; the rest is silence. */
  #handleLeaving(event: MembershipEvent, now: Instant): void {
    if (event.type === 'tick') this.#exchanges.tick(now);
    else if (event.type === 'answered') this.#exchanges.answer(event.exchange, event.message, now);
    else if (event.type === 'failed') this.#exchanges.fail(event.exchange, event.reason, now);
    else if (event.type === 'request' && event.message.kind === 'leave') {
      this.#outbox.push({ type: 'reply', exchange: event.exchange, message: { kind: 'done' } });
    }
  }

  #tick(now: Instant): void {
    this.#forgivePause(now);
    this.#exchanges.tick(now);
    this.#prober.tick(now);
    for (const { id, expired } of this.#suspicions.takeDue(now.monotonicMs)) {
      const entry = this.#roster.get(id);
      if (entry === undefined) continue;
      if (expired) this.#roster.bury(entry, now);
      else this.#prober.ping(id, entry.address, now);
    }
    this.#healer.tick(now);
    this.#lost.tick(now);
    this.#bootstrap.tick(now);
    this.#gossip.tick(now);
  }

  /** A process that was stopped has heard nobody: it must not judge by that silence. */
  #forgivePause(now: Instant): void {
    const lateMs = now.monotonicMs - (this.deadline() ?? now.monotonicMs);
    if (lateMs < this.#settings.probeIntervalMs) return;
    this.#outbox.count('pauses');
    this.#suspicions.postpone(lateMs);
    this.#prober.forgive();
  }

  #suspect(entry: Entry, now: Instant): void {
    const isNews = entry.state === 'alive';
    this.#roster.suspect(entry, now);
    if (!isNews) return;
    // It hears of it from here first, while all who hear by gossip wait for its answer.
    this.#prober.ping(entry.id, entry.address, now);
  }

  /** A goodbye in its place. Were it only dropped here, the next exchange of rosters would bring it back. */
  #dismiss(id: NodeId, now: Instant): void {
    const entry = this.#roster.get(id);
    if (entry?.state === 'dead') this.#roster.depart(entry, entry.incarnation, now);
  }

  /** A new process answers at that address. */
  #meet(address: Address, now: Instant): void {
    if (this.#exchanges.isPendingTo(address)) return;
    const entry = this.#roster.holderOf(address);
    const before = entry?.incarnation ?? Infinity;
    const settled = (outcome: Outcome): void => {
      const isSame = outcome.type === 'answered' && outcome.by === entry?.id;
      if (!isSame || entry.incarnation <= before) return;
      this.#outbox.notice({ type: 'peer-restarted', member: viewOf(entry) });
    };
    this.#exchanges.open({ to: address, target: entry?.id, roster: true, settled }, now);
  }

  #doubt(address: Address, now: Instant): void {
    const entry = this.#roster.holderOf(address);
    if (entry !== undefined && isLive(entry)) this.#prober.hasten(entry, now);
  }

  #leave(now: Instant): void {
    this.#self.leave();
    this.#exchanges.clear();
    this.#prober.stop();
    this.#gossip.stop();
    this.#suspicions.clear();
    this.#healer.stop();
    this.#lost.stop();
    this.#bootstrap.clear();
    for (const entry of this.#roster.live) this.#exchanges.leave(entry.address, now);
  }
}
