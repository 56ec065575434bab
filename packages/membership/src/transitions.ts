import type { Address, Instant, MemberState } from '@simpledht/wire';
import type { Bootstrap } from './bootstrap.ts';
import type { Gossip } from './gossip.ts';
import type { Healer } from './healer.ts';
import { isLive, viewOf, type Entry } from './member.ts';
import type { Outbox } from './outbox.ts';
import type { Prober } from './prober.ts';
import type { Roster, RosterListener } from './roster.ts';
import { suspicionMs, type MembershipSettings } from './settings.ts';
import type { Suspicions } from './suspicions.ts';

export interface TransitionParts {
  readonly settings: MembershipSettings;
  readonly roster: Roster;
  readonly gossip: Gossip;
  readonly prober: Prober;
  readonly suspicions: Suspicions;
  readonly healer: Healer;
  readonly bootstrap: Bootstrap;
  readonly outbox: Outbox;
}

/** What follows when the roster changes: who is probed, suspected, dialled, spoken of, and which notices go out. */
export class Transitions implements RosterListener {
  readonly #parts: TransitionParts;

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
    if (entry.verified) this.#parts.gossip.spread(entry.id, now, { urgent: before !== undefined });
  }

  verified(entry: Entry, now: Instant): void {
    if (isLive(entry)) this.#parts.gossip.spread(entry.id, now, { urgent: false });
  }

  replaced(entry: Entry): void {
    this.forgotten(entry);
    if (!isLive(entry)) return;
    this.#parts.outbox.notice({ type: 'peer-left', member: viewOf(entry), reason: 'replaced' });
  }

  forgotten(entry: Entry): void {
    const { prober, suspicions, healer, gossip } = this.#parts;
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
    healer.rest(entry.id, now);
    if (!entry.verified) healer.contact(entry.id, undefined, now);
    outbox.notice({ type: 'peer-joined', member: viewOf(entry) });
  }

  #live(entry: Entry, before: MemberState | undefined, now: Instant): void {
    const { suspicions, settings, roster, outbox } = this.#parts;
    if (entry.state === 'suspect') {
      // Also when it was one before: a higher incarnation means that it refuted in between.
      suspicions.start(entry.id, now.monotonicMs, suspicionMs(settings, roster.size));
      if (before !== 'suspect') outbox.notice({ type: 'peer-suspect', member: viewOf(entry) });
    } else {
      suspicions.stop(entry.id);
      if (before === 'suspect') outbox.notice({ type: 'peer-alive', member: viewOf(entry) });
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
    }
    // A dead member that has left after all is not waited for any more: that is news, too.
    const isDismissed = before === 'dead' && entry.state === 'left';
    if (before === undefined || (!isLive({ state: before }) && !isDismissed)) return;
    const reason = entry.state === 'dead' ? 'dead' : 'left';
    outbox.notice({ type: 'peer-left', member: viewOf(entry), reason });
  }
}
