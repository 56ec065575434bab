import type { PacketRange } from '@simpledht/wire';
import { ReceivedPackets } from './received-packets.ts';
import type { LinkSettings } from './settings.ts';

/**
 * Decides when packets are acknowledged (RFC 9000 §13.2): at once when one is missing or the sender asks for it,
 * every 10th, and otherwise within 20 ms. Packets that elicit nothing are acknowledged only in company, so two idle
 * sides never answer acknowledgements with acknowledgements.
 */
export class Acknowledger {
  readonly #settings: LinkSettings;
  readonly #received = new ReceivedPackets();
  /** Packets that elicit an acknowledgement and have none yet. */
  #pending = 0;
  #immediate = false;
  #deadlineMs: number | undefined;
  #largestAtMs = 0;
  /** Largest number among packets that elicit an acknowledgement. */
  #largestEliciting = -1;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  get pending(): boolean {
    return this.#pending > 0;
  }

  get ranges(): readonly PacketRange[] {
    return this.#received.ranges;
  }

  get largest(): number {
    return this.#received.largest;
  }

  /** When the waiting is over; `undefined` with nothing to acknowledge. */
  get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  isDue(nowMs: number): boolean {
    return this.#pending > 0 && (this.#immediate || (this.#deadlineMs ?? Infinity) <= nowMs);
  }

  isRepeated(packetNumber: number): boolean {
    return this.#received.has(packetNumber);
  }

  /** A packet with a new number was taken. */
  onPacket(packetNumber: number, elicits: boolean, asked: boolean, nowMs: number): void {
    if (packetNumber > this.#received.largest) this.#largestAtMs = nowMs;
    this.#received.add(packetNumber);
    if (!elicits) return;
    this.#pending++;
    const outOfOrder = !this.#follows(packetNumber);
    this.#largestEliciting = Math.max(this.#largestEliciting, packetNumber);
    if (outOfOrder || asked || this.#pending >= this.#settings.ackEveryPackets) this.#immediate = true;
    if (this.#immediate) this.#deadlineMs = nowMs;
    else this.#deadlineMs ??= nowMs + this.#settings.ackDelayMs;
  }

  /** RFC 9000 §13.2.1: it is younger than all others that elicit, and nothing is missing in between. */
  #follows(packetNumber: number): boolean {
    const isNewest = packetNumber > this.#largestEliciting;
    return isNewest && this.#received.hasAll(this.#largestEliciting + 1, packetNumber);
  }

  /** An acknowledgement of all of it is being sent; gives the delay to state in it. */
  onSent(nowMs: number): number {
    this.#pending = 0;
    this.#immediate = false;
    this.#deadlineMs = undefined;
    return Math.max(0, nowMs - this.#largestAtMs);
  }

  /** The acknowledgement that went up to `packetNumber` has arrived. */
  onSeen(packetNumber: number): void {
    this.#received.forgetUpTo(packetNumber);
  }
}
