import type { MemoryNetwork, Random, VirtualClock } from '@simpledht/transport';
import type { Address } from '@simpledht/wire';

/** Datagrams of the nodes that it remembers, to send again or to change. */
const maxRecorded = 256;
/** Pause between two of its turns, virtual ms. */
const turnMs = 10;

export interface AttackerParts {
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly targets: () => readonly Address[];
}

/**
 * Somebody on the same network who sees all datagrams and sends what it likes, from whatever address it likes: noise, what it
 * recorded, and what it recorded with bits changed or its end cut off. It holds nothing back.
 */
export class Attacker {
  readonly #parts: AttackerParts;
  readonly #recorded: { readonly from: Address; readonly to: Address; readonly datagram: Uint8Array }[] = [];
  #perTurn = 0;
  #isRunning = false;
  /** What it sends itself it need not record. */
  #isSending = false;
  /** Datagrams sent so far. */
  sent = 0;

  constructor(parts: AttackerParts) {
    this.#parts = parts;
    const before = parts.network.onDatagram;
    parts.network.onDatagram = (from, to, datagram) => {
      before?.(from, to, datagram);
      if (this.#isSending) return;
      this.#recorded.push({ from, to, datagram: datagram.slice() });
      if (this.#recorded.length > maxRecorded) this.#recorded.shift();
    };
  }

  /** So many datagrams in a virtual second from now on; 0 ends it. */
  attack(datagramsPerSecond: number): void {
    this.#perTurn = (datagramsPerSecond * turnMs) / 1_000;
    if (this.#isRunning || this.#perTurn === 0) return;
    this.#isRunning = true;
    this.#turn(0);
  }

  #turn(left: number): void {
    if (this.#perTurn === 0) {
      this.#isRunning = false;
      return;
    }
    let due = left + this.#perTurn;
    this.#isSending = true;
    for (; due >= 1; due--) this.#sendOne();
    this.#isSending = false;
    this.#parts.clock.setTimeout(() => {
      this.#turn(due);
    }, turnMs);
  }

  #sendOne(): void {
    const { network, random, targets } = this.#parts;
    const kind = random.next();
    const seen = this.#recorded[this.#below(this.#recorded.length)];
    const target = seen?.to ?? targets()[this.#below(targets().length)];
    if (target === undefined) return;
    const from = random.next() < 0.5 && seen !== undefined ? seen.from : this.#stranger();
    const datagram =
      kind < 0.2 || seen === undefined ? this.#noise() : kind < 0.6 ? seen.datagram : this.#changed(seen.datagram);
    this.sent += 1;
    network.carry(from, target, datagram);
  }

  #noise(): Uint8Array {
    const noise = this.#parts.random.bytes(1 + this.#below(600));
    // Half of it begins as packets do.
    noise[0] = this.#parts.random.next() < 0.5 ? (noise[0] ?? 0) : 0x41 | (this.#below(2) * 0x80);
    return noise;
  }

  #changed(datagram: Uint8Array): Uint8Array {
    const changed = datagram.slice(0, this.#parts.random.next() < 0.2 ? this.#below(datagram.length) : undefined);
    for (let times = 1 + this.#below(3); times > 0 && changed.length > 0; times--) {
      const at = this.#below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << this.#below(8));
    }
    return changed;
  }

  #stranger(): Address {
    return `10.${String(this.#below(250))}.${String(this.#below(250))}.9:${String(1 + this.#below(60_000))}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#parts.random.next() * limit);
  }
}
