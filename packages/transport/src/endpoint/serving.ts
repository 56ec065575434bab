import { closeCode } from '@simpledht/wire';
import type { Clock } from '../clock.ts';
import type { Blame } from '../transport.ts';
import type { Counters } from './counters.ts';
import type { Defence } from './defence.ts';
import type { Owner } from './owner.ts';
import { replyOnce } from './reply-once.ts';
import { RequestQueue } from './request-queue.ts';
import type { Session } from './session.ts';
import type { TransportSettings } from './settings.ts';

/** What serving needs of the endpoint. */
export interface ServingContext {
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly owner: Owner;
  readonly defence: Defence;
  /** The session has something to send. */
  readonly schedule: (session: Session) => void;
}

/** What peers ask, on its way to the owner, and the owner's answers and complaints on their way back. */
export class Serving {
  readonly requests: RequestQueue<Session>;
  readonly #context: ServingContext;

  constructor(context: ServingContext) {
    this.#context = context;
    this.requests = new RequestQueue<Session>(context.settings, (...request) => {
      this.#onRequest(...request);
    });
  }

  /** What the owner calls when a payload of that peer makes no sense to it. */
  blameOf(session: Session): Blame {
    return () => {
      const { clock, defence, schedule } = this.#context;
      const nowMs = clock.monotonic();
      if (defence.toleratesNonsense(session, nowMs)) return;
      this.requests.forget(session);
      session.link.close('protocol error', closeCode.protocolError, nowMs);
      schedule(session);
    };
  }

  #onRequest(session: Session, requestId: number, payload: Uint8Array): void {
    const { settings, counters, owner, schedule } = this.#context;
    counters.totals.requestsIn++;
    const reply = replyOnce(settings.maxMessageBytes, (answer) => {
      session.link.reply(requestId, answer);
      schedule(session);
    });
    owner.request(session.address, payload, reply, this.blameOf(session));
  }
}
