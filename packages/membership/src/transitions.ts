import type { Address, Instant, MemberState, NodeId } from '@simpledht/wire';
import type { Bootstrap } from './bootstrap.ts';
import type { Gossip } from './gossip.ts';
import type { Healer } from './healer.ts';
import { isLive, viewOf, type Entry } from './member.ts';
import { Moves } from './moves.ts';
import type { Lost } from './lost.ts';
import type { Outbox } from './outbox.ts';
import type { Prober } from './prober.ts';
import type { Roster } from './roster.ts';
import type { RosterListener } from './roster-listener.ts';
import { confirmationsNeeded, type MembershipSettings } from './settings.ts';
import type { Suspicions } from './suspicions.ts';

export interface TransitionParts {
  readonly settings: MembershipSettings;
  readonly roster: Roster;
  readonly gossip: Gossip;
  readonly prober: Prober;
  readonly suspicions: Suspicions;
  readonly healer: Healer;
  readonly lost: Lost;
  readonly bootstrap: Bootstrap;
  readonly outbox: Outbox;
}

/** What follows when the roster changes: who is probed, suspected, dialled, spoken of, and which notices go out. */
export class Transitions implements RosterListener {
  readonly #parts: TransitionParts;
  readonly #moves = new Moves();

  constructor(parts: TransitionParts) {
    this.#parts = parts;
  }

  changed(entry: Entry, before: MemberState | undefined, now: Instant): void {
    const wasLive = before !== undefined && isLive({ state: before });
    if (isLive(entry)) {
      if (!wasLive) this.#enter(entry, now);
      this.#live(entry, before, now);
    } else if (before !== entry.state) {
      this.#goDown(entry, before, now);
    }
    this.#parts.gossip.spread(entry.id, now, { urgent: before !== undefined });
  }

  accused(entry: Entry, now: Instant): void {
    const { suspicions, gossip, outbox } = this.#parts;
    if (!suspicions.confirm(entry.id, confirmationsOf(entry))) return;
    outbox.count('suspicions-confirmed');
    gossip.spread(entry.id, now, { urgent: true });
  }

  /** Who suspects it later than others waits for confirmations that were given long ago. */
  doubted(entry: Entry, accusers: readonly NodeId[], now: Instant): void {
    const { settings, roster, gossip } = this.#parts;
    const isEnough = accusers.length > confirmationsNeeded(settings, roster.size + 1);
    if (!isEnough && gossip.accuses(entry, accusers)) gossip.spread(entry.id, now, { urgent: true });
  }

  verified(entry: Entry, from: Address | undefined, now: Instant): void {
    const { gossip, outbox } = this.#parts;
    if (isLive(entry)) gossip.spread(entry.id, now, { urgent: false });
    if (from === undefined) return;
    outbox.count('addresses-changed');
    const meaning = this.#moves.judge(entry, from, now);
    if (meaning === 'moved') outbox.notice({ type: 'peer-moved', member: viewOf(entry), from });
    else if (meaning === 'duplicated') outbox.notice({ type: 'peer-duplicated', member: viewOf(entry), other: from });
  }

  replaced(entry: Entry): void {
    this.#drop(entry);
    const { outbox } = this.#parts;
    if (isLive(entry)) outbox.notice({ type: 'peer-left', member: viewOf(entry), reason: 'replaced' });
    else outbox.notice({ type: 'peer-forgotten', member: viewOf(entry) });
  }

  forgotten(entry: Entry, now: Instant): void {
    this.#drop(entry);
    this.#parts.lost.forgotten(entry, now);
    this.#parts.outbox.count('members-forgotten');
    this.#parts.outbox.notice({ type: 'peer-forgotten', member: viewOf(entry) });
  }

  #drop(entry: Entry): void {
    const { prober, suspicions, healer, gossip } = this.#parts;
    this.#moves.drop(entry.id);
    prober.remove(entry.id);
    suspicions.stop(entry.id);
    healer.drop(entry.id);
    gossip.drop(entry.id);
  }

  elsewhere(entry: Entry, address: Address, now: Instant): void {
    this.#parts.healer.contact(entry.id, address, now);
  }

  #enter(entry: Entry, now: Instant): void {
    const { prober, healer, outbox } = this.#parts;
    prober.add(entry.id, now);
    outbox.count('members-joined');
    if (!entry.verified) healer.contact(entry.id, undefined, now);
    outbox.notice({ type: 'peer-joined', member: viewOf(entry) });
    healer.rest(entry.id, now);
  }

  #live(entry: Entry, before: MemberState | undefined, now: Instant): void {
    const { suspicions, roster, outbox } = this.#parts;
    if (entry.state === 'suspect') {
      // Also when it was one before: a higher incarnation means that it refuted in between.
      suspicions.start(entry.id, now.monotonicMs, { size: roster.size, confirmations: confirmationsOf(entry) });
      if (before === 'suspect') return;
      outbox.count('suspicions');
      outbox.notice({ type: 'peer-suspect', member: viewOf(entry) });
    } else {
      suspicions.stop(entry.id);
      if (before !== 'suspect') return;
      outbox.count('suspicions-refuted');
      outbox.notice({ type: 'peer-alive', member: viewOf(entry) });
    }
  }

  #goDown(entry: Entry, before: MemberState | undefined, now: Instant): void {
    const { prober, suspicions, healer, bootstrap, outbox } = this.#parts;
    prober.remove(entry.id);
    suspicions.stop(entry.id);
    if (entry.state === 'dead') {
      healer.redial(entry.id, now);
      bootstrap.wake(now);
    } else {
      healer.drop(entry.id);
      bootstrap.gone(entry.id, now);
    }
    // A dead member that has left after all is not waited for any more: that is news, too.
    const isDismissed = before === 'dead' && entry.state === 'left';
    if (before === undefined || (!isLive({ state: before }) && !isDismissed)) return;
    const reason = entry.state === 'dead' ? 'dead' : 'left';
    outbox.count(reason === 'dead' ? 'members-died' : 'members-left');
    outbox.notice({ type: 'peer-left', member: viewOf(entry), reason });
  }
}

/** Members beside the first accuser. */
function confirmationsOf({ accusers }: Entry): number {
  return Math.max(0, accusers.length - 1);
}
