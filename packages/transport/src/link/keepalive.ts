import type { Random } from '../random.ts';
import type { LinkSettings } from './settings.ts';

/** When a link that has nothing to say sends a ping all the same. */
export class Keepalive {
  readonly #settings: LinkSettings;
  readonly #random: Random;
  #sentMs: number;
  #jitter = 1;

  constructor(settings: LinkSettings, random: Random, nowMs: number) {
    this.#settings = settings;
    this.#random = random;
    this.#sentMs = nowMs;
  }

  /** `elicits`: the packet is one that the peer acknowledges. */
  onSent(elicits: boolean, nowMs: number): void {
    this.#sentMs = nowMs;
    if (elicits && this.#settings.keepaliveMs > 0) this.#jitter = 0.9 + 0.2 * this.#random.next();
  }

  /** Keepalive; and while a reply is awaited for longer than half the idle time-out, a sign of life. */
  deadlineMs(heardMs: number, awaitsReply: boolean): number {
    const { keepaliveMs, idleTimeoutMs } = this.#settings;
    const keepMs = keepaliveMs > 0 ? this.#sentMs + keepaliveMs * this.#jitter : Infinity;
    return awaitsReply ? Math.min(keepMs, Math.max(heardMs, this.#sentMs) + idleTimeoutMs / 2) : keepMs;
  }
}
