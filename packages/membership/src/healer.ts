import type { Address, Instant, NodeId } from '@simpledht/wire';
import { between, sample, type RandomSource } from './chance.ts';
import { Deadlines, earliest } from './deadlines.ts';
import type { CallerParts, Exchanges, Outcome } from './exchanges.ts';
import { isLive, type Entry } from './member.ts';
import type { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import type { Roster } from './roster.ts';
import { contactSpreadMs, exchangePauseMs, reunionPauseMs, type MembershipSettings } from './settings.ts';

/**
 * Makes one cluster of whoever can reach each other: greets members known only by hearsay, dials the dead for ever, and
 * compares rosters now and then, and with the first of the dead that answers. Bounded by the roster: one contact or redial
 * per member.
 */
export class Healer {
  readonly #settings: MembershipSettings;
  readonly #random: RandomSource;
  readonly #roster: Roster;
  readonly #exchanges: Exchanges;
  readonly #contacts = new Deadlines<NodeId>();
  /** Where to greet, if it is not the address in the roster. */
  readonly #hints = new Map<NodeId, Address>();
  readonly #redials = new Deadlines<NodeId>();
  /** Pause before the next redial but one. */
  readonly #pausesMs = new Map<NodeId, number>();
  readonly #pace = new Pace();
  /** Recalled members whose first dial has no outcome yet. */
  readonly #recalled = new Set<NodeId>();
  #isRecalling = false;
  readonly #outbox: Outbox;
  #nextExchangeMs: number | undefined;
  /** Until then whoever answers a redial is not asked for its roster: another was. */
  #reunitedUntilMs = -Infinity;

  constructor(parts: CallerParts) {
    this.#settings = parts.settings;
    this.#random = parts.random;
    this.#roster = parts.roster;
    this.#exchanges = parts.exchanges;
    this.#outbox = parts.outbox;
  }

  /** A live member that this node has not met, or that may be at another address. */
  contact(id: NodeId, hint: Address | undefined, now: Instant): void {
    if (hint !== undefined) this.#hints.set(id, hint);
    if (this.#contacts.has(id)) return;
    this.#contacts.set(id, now.monotonicMs + this.#random() * contactSpreadMs(this.#roster.size));
    this.#arm(now);
  }

  /** A dead member: dialled soon, then with longer pauses for ever. */
  redial(id: NodeId, now: Instant): void {
    this.#dropContact(id);
    this.#pausesMs.set(id, this.#settings.redialFirstMs);
    this.#schedule(id, now);
    this.#arm(now);
  }

  /** Members of an earlier life: those that are held dead by now are dialled at once. */
  recall(members: readonly { readonly id: NodeId }[], now: Instant): void {
    for (const { id } of members) {
      if (this.#roster.get(id)?.state !== 'dead') continue;
      this.#recalled.add(id);
      this.#redials.set(id, now.monotonicMs + this.#random() * contactSpreadMs(0));
    }
    this.#isRecalling = true;
  }

  /** Ends every event: whoever joined by it is told of before. */
  report(): void {
    if (!this.#isRecalling || this.#recalled.size > 0) return;
    this.#isRecalling = false;
    this.#outbox.notice({ type: 'recalled' });
  }

  /** It is alive. */
  rest(id: NodeId, now: Instant): void {
    this.#redials.delete(id);
    this.#pausesMs.delete(id);
    this.#recalled.delete(id);
    this.#arm(now);
  }

  drop(id: NodeId): void {
    this.#dropContact(id);
    this.#redials.delete(id);
    this.#pausesMs.delete(id);
    this.#recalled.delete(id);
  }

  stop(): void {
    this.#recalled.clear();
    this.#contacts.clear();
    this.#redials.clear();
    this.#nextExchangeMs = undefined;
  }

  deadline(): number | undefined {
    const dialMs = earliest(this.#contacts.next(), this.#redials.next());
    return earliest(dialMs === undefined ? undefined : Math.max(dialMs, this.#pace.freeMs), this.#nextExchangeMs);
  }

  tick(now: Instant): void {
    this.#paced(this.#contacts, now, (id, at) => {
      this.#greet(id, at);
    });
    this.#paced(this.#redials, now, (id, at) => {
      this.#dial(id, at);
    });
    if (this.#nextExchangeMs !== undefined && now.monotonicMs >= this.#nextExchangeMs) this.#compare(now);
  }

  /** Many are dialled no faster than a few, whether they died at once or were invented by a liar. */
  #paced(deadlines: Deadlines<NodeId>, now: Instant, dial: (id: NodeId, now: Instant) => void): void {
    while (this.#pace.freeMs <= now.monotonicMs) {
      const id = deadlines.takeFirst(now.monotonicMs);
      if (id === undefined) return;
      this.#pace.take(now.monotonicMs);
      dial(id, now);
    }
  }

  #greet(id: NodeId, now: Instant): void {
    const entry = this.#roster.get(id);
    const to = this.#hints.get(id) ?? entry?.address;
    this.#hints.delete(id);
    if (entry === undefined || to === undefined || !isLive(entry)) return;
    // It may have spoken meanwhile.
    if (entry.verified && entry.address === to) return;
    this.#exchanges.open({ to, target: id, roster: false }, now);
  }

  #dial(id: NodeId, now: Instant): void {
    const entry = this.#roster.get(id);
    if (entry?.state !== 'dead') return;
    this.#schedule(id, now);
    const to = entry.address;
    const settled = (outcome: Outcome, at: Instant): void => {
      if (outcome.type !== 'answered' || !this.#reunite({ to, target: outcome.by, dialled: id }, at)) this.#dialled(id);
    };
    // It is greeted only: most of the dead do not answer, and who does is told that it was held dead.
    const isAsked =
      !this.#exchanges.isPendingTo(to) && this.#exchanges.open({ to, target: id, roster: false, settled }, now);
    if (!isAsked) this.#dialled(id);
  }

  /**
   * Somebody answers where a dead member was dialled: rosters are compared. When halves of a cluster meet, everybody on the
   * other side answers; one roster is enough then, as whoever is held dead hears of it and refutes, and gossip tells the rest.
   * One for each would cost N³ in bytes. False when another was asked for its roster just now.
   */
  #reunite({ to, target, dialled }: { to: Address; target: NodeId; dialled: NodeId }, now: Instant): boolean {
    if (now.monotonicMs < this.#reunitedUntilMs) return false;
    const settled = (): void => {
      this.#dialled(dialled);
    };
    if (!this.#exchanges.open({ to, target, roster: true, settled }, now)) return false;
    // Alive by now, and yet waited for: whom it knows joins before the recall is over.
    if (this.#isRecalling) this.#recalled.add(dialled);
    this.#reunitedUntilMs =
      now.monotonicMs + reunionPauseMs(this.#settings, this.#roster.size + this.#roster.deadCount);
    // Once more when most have refuted, as gossip misses somebody now and then.
    this.#nextExchangeMs = Math.min(this.#nextExchangeMs ?? Infinity, this.#reunitedUntilMs);
    this.#hurry(now);
    return true;
  }

  /** What parted them is over: the other dead are dialled soon, too. */
  #hurry(now: Instant): void {
    const spreadMs = contactSpreadMs(this.#pausesMs.size);
    for (const id of this.#pausesMs.keys()) this.#redials.hasten(id, now.monotonicMs + this.#random() * spreadMs);
  }

  #dialled(id: NodeId): void {
    this.#recalled.delete(id);
  }

  #schedule(id: NodeId, now: Instant): void {
    const { redialMinMs, redialMaxMs } = this.#settings;
    const pauseMs = this.#pausesMs.get(id) ?? redialMinMs;
    this.#pausesMs.set(id, 2 * pauseMs);
    const settled = pauseMs >= redialMinMs;
    const shortestMs = settled ? redialMinMs : pauseMs;
    const longestMs = settled ? redialMaxMs : 2 * pauseMs;
    this.#redials.set(id, now.monotonicMs + between(this.#random, shortestMs, longestMs));
  }

  /** Anti-entropy of the roster: gossip alone misses somebody in about 1 of 100 rounds of news at 25 % loss. */
  #compare(now: Instant): void {
    this.#roster.forgetOld(now);
    const [peer] = sample(this.#roster.live, 1, this.#random, (entry: Entry) => entry.verified);
    if (peer !== undefined) this.#exchanges.open({ to: peer.address, target: peer.id, roster: true }, now);
    this.#nextExchangeMs = now.monotonicMs + this.#pauseMs();
  }

  #arm(now: Instant): void {
    this.#nextExchangeMs ??= now.monotonicMs + this.#pauseMs();
  }

  #pauseMs(): number {
    return between(this.#random, 0.75, 1.25) * exchangePauseMs(this.#settings, this.#roster.size);
  }

  #dropContact(id: NodeId): void {
    this.#contacts.delete(id);
    this.#hints.delete(id);
  }
}
