import type { PacketRange } from '@simpledht/wire';
import type { Piece } from './outgoing-message.ts';

/** A packet that elicits an acknowledgement and has none yet. */
export interface SentPacket {
  readonly number: number;
  /** Counts packets that elicit an acknowledgement, without gaps. */
  readonly ordinal: number;
  readonly sentMs: number;
  /** Length of the datagram. */
  readonly bytes: number;
  /** What it takes of the receiver's socket buffer. */
  readonly cost: number;
  /** What is sent again, in another packet, if this one is lost. */
  readonly pieces: readonly Piece[];
  /** It told the peer's credit. */
  readonly credit: boolean;
  /** Largest packet number that it acknowledged; -1 for none. */
  readonly acknowledged: number;
  /** It is larger than what is known to arrive, to find out. */
  readonly forSize: boolean;
  settled: boolean;
}

/**
 * Packets in flight, by number. Bounded by the congestion window.
 *
 * Invariant: `#packets` from `#head` on ascends by number; settled ones are skipped, and dropped once they are the head.
 */
export class SentPackets {
  #packets: SentPacket[] = [];
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** At most `count`, by number. */
  oldest(count: number): readonly SentPacket[] {
    const oldest: SentPacket[] = [];
    for (let index = this.#head; oldest.length < count; index++) {
      const packet = this.#packets[index];
      if (packet === undefined) break;
      if (!packet.settled) oldest.push(packet);
    }
    return oldest;
  }

  add(packet: SentPacket): void {
    this.#packets.push(packet);
    this.#count++;
  }

  /** Removes what `ranges` (descending) cover and gives it, ascending. Walks from the oldest to the largest covered. */
  acknowledge(ranges: readonly PacketRange[]): SentPacket[] {
    const acknowledged: SentPacket[] = [];
    const largest = ranges[0]?.last ?? -1;
    let rangeIndex = ranges.length - 1;
    for (let index = this.#head; index < this.#packets.length; index++) {
      const packet = this.#packets[index];
      if (packet === undefined || packet.number > largest) break;
      while (rangeIndex > 0 && packet.number > (ranges[rangeIndex]?.last ?? 0)) rangeIndex--;
      if (packet.settled || packet.number < (ranges[rangeIndex]?.first ?? 0)) continue;
      this.#settle(packet);
      acknowledged.push(packet);
    }
    this.#dropSettled();
    return acknowledged;
  }

  /**
   * Removes and gives the lost, ascending: among those below `largestAcknowledged`, the ones numbered at or below
   * `maxNumber` or sent `delayMs` ago. `earliestSentMs` is of the oldest of those that stay under suspicion.
   */
  removeLost(
    largestAcknowledged: number,
    maxNumber: number,
    delayMs: number,
    nowMs: number,
  ): { readonly lost: readonly SentPacket[]; readonly earliestSentMs: number | undefined } {
    const lost: SentPacket[] = [];
    let earliestSentMs: number | undefined;
    for (let index = this.#head; index < this.#packets.length; index++) {
      const packet = this.#packets[index];
      if (packet === undefined || packet.number > largestAcknowledged) break;
      if (packet.settled) continue;
      if (packet.number <= maxNumber || packet.sentMs + delayMs <= nowMs) {
        this.#settle(packet);
        lost.push(packet);
      } else earliestSentMs ??= packet.sentMs;
    }
    this.#dropSettled();
    return { lost, earliestSentMs };
  }

  #settle(packet: SentPacket): void {
    packet.settled = true;
    this.#count--;
  }

  #dropSettled(): void {
    while (this.#packets[this.#head]?.settled === true) this.#head++;
    if (this.#head === this.#packets.length) this.#packets = [];
    else if (this.#head < 64 || this.#head * 2 < this.#packets.length) return;
    else this.#packets = this.#packets.slice(this.#head);
    this.#head = 0;
  }
}
