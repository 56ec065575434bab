import type { Address } from '@simpledht/wire';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { DatagramHandlers, DatagramSocket } from '../datagram-socket.ts';
import { DelegatingSocket } from '../delegating-socket.ts';
import type { Random } from '../random.ts';
import { systemRandom } from '../system-random.ts';

/** What may happen to a datagram that a socket sends. Parts are of 1; each fault is drawn for itself. */
export interface Faults {
  /** Part of datagrams that get lost. */
  readonly lose: number;
  /** Part that arrives twice, the second one like any other that is sent. */
  readonly duplicate: number;
  /** Part that is held back by up to `reorderMs`, so that later ones overtake it. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** Part in which one bit is flipped. */
  readonly corrupt: number;
  /** Least and most time that every datagram is held, ms. */
  readonly delayMs: readonly [least: number, most: number];
}

export const noFaults: Faults = {
  lose: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: 50,
  corrupt: 0,
  delayMs: [0, 0],
};

export interface FaultOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly faults?: Partial<Faults>;
}

export type CutDirection = 'out' | 'in' | 'both';

/** A socket with faults that can be changed while it runs. Faults act on what it sends, cuts on either direction. */
export interface FaultySocket extends DatagramSocket {
  /** Changes the faults named; the others stay. */
  setFaults(faults: Partial<Faults>): void;
  /** Nothing goes to that peer, comes from it, or both, until `heal`. */
  cut(peer: Address, direction?: CutDirection): void;
  /** What goes to that peer takes so much longer, ms; 0 ends it. */
  clog(peer: Address, delayMs: number): void;
  /** Ends the cut from one peer, or all cuts. */
  heal(peer?: Address): void;
}

/** Any socket, made worse. */
export function withFaults(socket: DatagramSocket, options: FaultOptions = {}): FaultySocket {
  return new SocketWithFaults(socket, options);
}

class SocketWithFaults extends DelegatingSocket implements FaultySocket {
  readonly #clock: Clock;
  readonly #random: Random;
  #faults: Faults;
  /** Bounded by the peers that a test names. */
  readonly #cuts = new Map<Address, CutDirection>();
  /** How much longer the way takes, by peer, ms. */
  readonly #clogs = new Map<Address, number>();
  readonly #counters: Record<string, number> = { faultLost: 0, faultDuplicated: 0, faultCorrupted: 0, faultCut: 0 };
  #closed = false;

  constructor(socket: DatagramSocket, options: FaultOptions) {
    super(socket);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#faults = { ...noFaults, ...options.faults };
  }

  setFaults(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults };
  }

  cut(peer: Address, direction: CutDirection = 'both'): void {
    this.#cuts.set(peer, direction);
  }

  clog(peer: Address, delayMs: number): void {
    if (delayMs === 0) this.#clogs.delete(peer);
    else this.#clogs.set(peer, delayMs);
  }

  heal(peer?: Address): void {
    if (peer === undefined) this.#cuts.clear();
    else this.#cuts.delete(peer);
  }

  override bind(handlers: DatagramHandlers): Promise<void> {
    return super.bind({
      onDatagram: (datagram, from) => {
        if (this.#isCut(from, 'in')) this.#count('faultCut');
        else handlers.onDatagram(datagram, from);
      },
      onError: (error) => {
        handlers.onError(error);
      },
    });
  }

  override send(datagram: Uint8Array, to: Address): void {
    const { lose, duplicate } = this.#faults;
    if (this.#isCut(to, 'out')) {
      this.#count('faultCut');
      return;
    }
    if (this.#draw(lose)) this.#count('faultLost');
    else this.#pass(datagram, to);
    if (!this.#draw(duplicate)) return;
    this.#count('faultDuplicated');
    this.#pass(datagram, to);
  }

  #pass(datagram: Uint8Array, to: Address): void {
    const { corrupt, reorder, reorderMs, delayMs } = this.#faults;
    const [leastMs, mostMs] = delayMs;
    let heldMs = leastMs + (mostMs > leastMs ? (mostMs - leastMs) * this.#random.next() : 0);
    heldMs += this.#clogs.get(to) ?? 0;
    if (this.#draw(reorder)) heldMs += reorderMs * this.#random.next();
    const bytes = this.#draw(corrupt) ? this.#corrupted(datagram) : datagram;
    if (heldMs === 0) super.send(bytes, to);
    else {
      this.#clock.setTimeout(() => {
        if (!this.#closed) super.send(bytes, to);
      }, heldMs);
    }
  }

  #corrupted(datagram: Uint8Array): Uint8Array {
    this.#count('faultCorrupted');
    const copy = new Uint8Array(datagram);
    const at = Math.floor(this.#random.next() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(this.#random.next() * 8));
    return copy;
  }

  #isCut(peer: Address, direction: 'in' | 'out'): boolean {
    const cut = this.#cuts.get(peer);
    return cut === 'both' || cut === direction;
  }

  /** Draws nothing for a part of 0, so that a fault that is off does not shift the others of a seed. */
  #draw(part: number): boolean {
    return part > 0 && this.#random.next() < part;
  }

  #count(name: string): void {
    this.#counters[name] = (this.#counters[name] ?? 0) + 1;
  }

  override get counters(): Readonly<Record<string, number>> {
    return { ...super.counters, ...this.#counters };
  }

  override async close(): Promise<void> {
    this.#closed = true;
    await super.close();
  }
}
