import type { Address } from '@simpledht/wire';
import type { Logger } from '../logger.ts';
import type { Blame, TransportEvent, TransportHandlers } from '../transport.ts';
import type { TransportCounters } from './counters.ts';
import { otherSecret } from './errors.ts';

const otherSecretEveryMs = 60_000;

/**
 * The owner's handlers. What one throws is reported to it as an event, and the link goes on; after `silence` none is
 * called any more.
 */
export class Owner {
  readonly #handlers: TransportHandlers;
  readonly #totals: Pick<TransportCounters, 'handlerErrors'>;
  readonly #logger: Logger;
  #otherSecretMs = -Infinity;
  #silent = false;

  constructor(handlers: TransportHandlers, totals: Pick<TransportCounters, 'handlerErrors'>, logger: Logger) {
    this.#handlers = handlers;
    this.#totals = totals;
    this.#logger = logger;
  }

  silence(): void {
    this.#silent = true;
  }

  datagram(from: Address, payload: Uint8Array, blame?: Blame): void {
    if (this.#silent) return;
    try {
      this.#handlers.onDatagram(from, payload, blame);
    } catch (error) {
      this.#report(error);
    }
  }

  request(from: Address, payload: Uint8Array, reply: (payload: Uint8Array) => void, blame?: Blame): void {
    if (this.#silent) return;
    try {
      this.#handlers.onRequest(from, payload, reply, blame);
    } catch (error) {
      this.#report(error);
    }
  }

  event(event: TransportEvent): void {
    if (this.#silent) return;
    try {
      this.#handlers.onEvent(event);
    } catch (error) {
      this.#totals.handlerErrors++;
      this.#logger.error({ error }, 'The event handler threw');
    }
  }

  /** Told to people, and not for each hello that was made with a wrong secret. */
  otherSecret(from: Address, hasSecret: boolean, nowMs: number): void {
    if (nowMs - this.#otherSecretMs < otherSecretEveryMs) return;
    this.#otherSecretMs = nowMs;
    this.event({ type: 'error', error: otherSecret(from, hasSecret) });
  }

  #report(error: unknown): void {
    this.#totals.handlerErrors++;
    this.event({ type: 'error', error: error instanceof Error ? error : new Error(String(error)) });
  }
}
