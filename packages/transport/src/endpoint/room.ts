import type { Address } from '@simpledht/wire';
import type { LinkDownReason } from '../link/link-effects.ts';
import type { RetryTokens } from './retry-tokens.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { TransportSettings } from './settings.ts';
import { smoothRate, TokenBucket } from './token-bucket.ts';

/** `granted`; `full`: dropped; `unproven`: it must come again with a token; `refused`: no link is quiet. */
export type HelloVerdict = 'granted' | 'full' | 'unproven' | 'refused';

export interface RoomContext {
  readonly sessions: Sessions;
  readonly settings: TransportSettings;
  readonly tokens: RetryTokens;
  end(session: Session, reason: LinkDownReason): void;
}

/**
 * Who gets one of the bounded places for links and handshakes.
 *
 * Invariants: 1. an address that has proved nothing takes no place from a link that is up; 2. handshakes that a hello
 * began and nobody confirmed give way before any link does; 3. a hello that may be one of many forged ones has to
 * bring a token, which costs an HMAC and no memory.
 */
export class Room {
  readonly #context: RoomContext;
  readonly #unproven: TokenBucket;

  constructor(context: RoomContext, nowMs: number) {
    this.#context = context;
    this.#unproven = new TokenBucket(smoothRate(context.settings.unprovenHellosPerSecond), nowMs);
  }

  /** A place for a link that this side wants. */
  forDial(): boolean {
    return this.#isFree || this.#make();
  }

  /** A place for the link that a hello from `from` asks for. */
  forHello(token: Uint8Array, from: Address, nowMs: number): HelloVerdict {
    const { sessions, settings, tokens } = this.#context;
    const pending = sessions.pendingHandshakes;
    if (pending >= settings.maxPendingHandshakes) return 'full';
    const isFree = sessions.byAddress(from) !== undefined || this.#isFree;
    const mustProve = !isFree || pending >= settings.retryAbovePending || !this.#unproven.take(nowMs);
    if (mustProve && !tokens.isValid(token, from, nowMs)) return 'unproven';
    return isFree || this.#make() ? 'granted' : 'refused';
  }

  get #isFree(): boolean {
    return this.#context.sessions.count < this.#context.settings.maxLinks;
  }

  /** False when there are as many links as may be, and none is quiet. */
  #make(): boolean {
    const { sessions } = this.#context;
    const least = sessions.oldestUnconfirmed() ?? sessions.quietest();
    if (least === undefined) return false;
    this.#context.end(least, 'replaced');
    return true;
  }
}
