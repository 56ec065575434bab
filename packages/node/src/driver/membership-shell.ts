import type { Membership, MembershipEffect, MembershipEvent, MembershipNotice } from '@simpledht/membership';
import type { Clock, Transport } from '@simpledht/transport';
import { decodeMessage, encodeMessage, type MembershipReply } from '@simpledht/wire';
import { Exchanges } from './exchanges.ts';
import { instant, Wakeup } from './wakeup.ts';

export interface MembershipShellOptions {
  readonly core: Membership;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly onNotice: (notice: MembershipNotice) => void;
  /** Called after every event: something may be worth keeping. */
  readonly onHandled: () => void;
}

/** Performs what the membership core decides. */
export class MembershipShell {
  readonly core: Membership;
  readonly exchanges: Exchanges = new Exchanges();
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #onNotice: (notice: MembershipNotice) => void;
  readonly #onHandled: () => void;
  readonly #wakeup: Wakeup;
  /** Leave messages on their way: `leave` waits for them. Bounded by the roster. */
  readonly #pending = new Set<Promise<void>>();

  constructor({ core, transport, clock, onNotice, onHandled }: MembershipShellOptions) {
    this.core = core;
    this.#transport = transport;
    this.#clock = clock;
    this.#onNotice = onNotice;
    this.#onHandled = onHandled;
    this.#wakeup = new Wakeup(clock, () => {
      this.handle({ type: 'tick' });
    });
  }

  handle(event: MembershipEvent): void {
    this.core.handle(event, instant(this.#clock));
    for (const effect of this.core.take()) this.#perform(effect);
    this.#wakeup.arm(this.core.deadline());
    this.#onHandled();
  }

  /** Says goodbye to everyone; settles when all have heard or their time is over. */
  async leave(): Promise<void> {
    this.handle({ type: 'leave' });
    await Promise.all(this.#pending);
  }

  close(): void {
    this.#wakeup.close();
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.type) {
      case 'send':
        this.#transport.send(effect.to, encodeMessage(effect.message));
        break;
      case 'request':
        this.#request(effect);
        break;
      case 'reply':
        this.exchanges.answer(effect.exchange, encodeMessage(effect.message));
        break;
      case 'resolve':
        void this.#resolve(effect.name);
        break;
      case 'notice':
        this.#onNotice(effect.notice);
    }
  }

  #request({ to, message, exchange, timeoutMs }: Extract<MembershipEffect, { type: 'request' }>): void {
    const done = this.#transport
      .request(to, encodeMessage(message), { timeoutMs })
      .then((payload) => {
        this.handle({ type: 'answered', exchange, message: membershipReply(payload) });
      })
      .catch((error: unknown) => {
        this.handle({ type: 'failed', exchange, reason: reasonOf(error) });
      });
    if (message.kind !== 'leave') return;
    this.#pending.add(done);
    void done.then(() => this.#pending.delete(done));
  }

  async #resolve(name: string): Promise<void> {
    try {
      this.handle({ type: 'resolved', name, addresses: await this.#transport.resolve(name) });
    } catch (error) {
      this.handle({ type: 'unresolved', name, reason: reasonOf(error) });
    }
  }
}

function membershipReply(payload: Uint8Array): MembershipReply {
  const message = decodeMessage(payload);
  if (message.kind === 'roster' || message.kind === 'done') return message;
  throw new Error(`answered with ${message.kind}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
