import type { Address, MembershipDatagram } from '@simpledht/wire';
import type { MembershipEffect, MembershipNotice } from './events.ts';

/** What operators look at; 0 until it happens. Messages are counted by kind as they come. */
const names = [
  'probes',
  'probes-failed',
  'suspicions',
  'suspicions-confirmed',
  'suspicions-refuted',
  'refutations',
  'members-joined',
  'members-died',
  'members-left',
  'members-forgotten',
  'addresses-changed',
  'identity-conflicts',
  'bootstrap-attempts',
  'exchanges-sent',
  'exchanges-failed',
  'exchanges-refused',
  'updates-refused',
  'updates-implausible',
  'acks-unmatched',
  'relays-refused',
  'roster-full',
  'pauses',
] as const;

/** Effects that wait for the shell, and the counters. Bounded by the shell, which drains it after every event. */
export class Outbox {
  #effects: MembershipEffect[] = [];
  readonly counters: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));

  push(effect: MembershipEffect): void {
    this.#effects.push(effect);
  }

  send(to: Address, message: MembershipDatagram): void {
    this.count(`${message.kind}-sent`);
    this.#effects.push({ type: 'send', to, message });
  }

  notice(notice: MembershipNotice): void {
    this.#effects.push({ type: 'notice', notice });
  }

  count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }

  take(): readonly MembershipEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
