import type { Address, MembershipDatagram } from '@simpledht/wire';
import type { MembershipEffect, MembershipNotice } from './events.ts';

/** Effects that wait for the shell, and the counters. Bounded by the shell, which drains it after every event. */
export class Outbox {
  #effects: MembershipEffect[] = [];
  readonly counters: Record<string, number> = {};

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
