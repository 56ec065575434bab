import type { Address } from '@simpledht/wire';
import { parseHostPort } from '../address.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { DatagramSocket } from '../datagram-socket.ts';
import type { Random } from '../random.ts';
import { systemRandom } from '../system-random.ts';
import type { BottleneckOptions } from './bottleneck.ts';
import { Bottleneck } from './bottleneck.ts';
import { MemorySocket } from './memory-socket.ts';

export interface MemoryNetworkOptions {
  /** Default: the computer's time. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Least and most time on the way, ms; each datagram takes its own, so they overtake one another. Default [0, 0]. */
  readonly delayMs?: readonly [least: number, most: number];
  /** Sockets call each other loopback neighbours, so that transports use large datagrams. Default false. */
  readonly loopback?: boolean;
  /** Longer datagrams are dropped and counted, as a real socket does. Default 65,507. */
  readonly maxDatagramBytes?: number;
  /** What sockets say of their receive buffer, and what it holds if `readEveryMs` is set. Default 8 MiB. */
  readonly receiveBufferBytes?: number;
  /**
   * A socket is read so long after something came into its empty buffer, as by a process that has other work. Until
   * then datagrams take room there, as much as Linux charges, and are dropped when it is full. Default 0: read at once.
   */
  readonly readEveryMs?: number;
  /** Default: none. */
  readonly bottleneck?: BottleneckOptions;
}

export interface MemoryNetworkCounters {
  /** Datagrams and bytes sent. */
  readonly datagrams: number;
  readonly bytes: number;
  /** Those that reached no socket. */
  readonly lost: number;
  /** Those that found the queue of the bottleneck full. */
  readonly queueDrops: number;
  /** Those that found a receive buffer full. */
  readonly bufferDrops: number;
}

/** Sees every datagram as it is sent, before anything happens to it. */
export type DatagramTap = (from: Address, to: Address, datagram: Uint8Array) => void;

const defaultReceiveBufferBytes = 8_388_608;
const maxUdpPayloadBytes = 65_507;

/** A network in memory: sockets that reach each other by address, and nothing else. An instance, so that tests share none. */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly #random: Random;
  readonly loopback: boolean;
  readonly maxDatagramBytes: number;
  readonly receiveBufferBytes: number;
  readonly readEveryMs: number;
  readonly #bottleneck: Bottleneck | undefined;
  /** Least and most time on the way, ms. May be changed at any time. */
  delayMs: readonly [least: number, most: number];
  onDatagram: DatagramTap | undefined;
  /** Names that resolve here, each to its addresses at the moment; others are addresses themselves. For tests: change it at any time. */
  readonly names: Map<string, readonly Address[]> = new Map<string, readonly Address[]>();
  /** Bound sockets by address. */
  readonly #sockets = new Map<Address, MemorySocket>();
  #nextPort = 49_152;
  #datagrams = 0;
  #bytes = 0;
  #lost = 0;
  #queueDrops = 0;
  #bufferDrops = 0;

  constructor(options: MemoryNetworkOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.delayMs = options.delayMs ?? [0, 0];
    this.loopback = options.loopback ?? false;
    this.maxDatagramBytes = options.maxDatagramBytes ?? maxUdpPayloadBytes;
    this.receiveBufferBytes = options.receiveBufferBytes ?? defaultReceiveBufferBytes;
    this.readEveryMs = options.readEveryMs ?? 0;
    this.#bottleneck = options.bottleneck === undefined ? undefined : new Bottleneck(options.bottleneck);
  }

  get counters(): MemoryNetworkCounters {
    return {
      datagrams: this.#datagrams,
      bytes: this.#bytes,
      lost: this.#lost,
      queueDrops: this.#queueDrops,
      bufferDrops: this.#bufferDrops,
    };
  }

  /** For sockets: a datagram found the receive buffer full. */
  onBufferDrop(): void {
    this.#bufferDrops++;
  }

  /** A socket that binds `host:port`; port 0 is replaced at `bind`. */
  socket(address: Address = '10.0.0.1:0'): DatagramSocket {
    return new MemorySocket(this, address);
  }

  /** For sockets: takes the address, or says that it is taken. */
  attach(socket: MemorySocket, wanted: Address): Address | undefined {
    const { host, port } = parseHostPort(wanted);
    const address = port === 0 ? this.#freeAddress(host) : wanted;
    if (this.#sockets.has(address)) return undefined;
    this.#sockets.set(address, socket);
    return address;
  }

  detach(address: Address): void {
    this.#sockets.delete(address);
  }

  /** For sockets. The bytes are copied now and arrive later, never within this call. */
  carry(from: Address, to: Address, datagram: Uint8Array): void {
    this.#datagrams++;
    this.#bytes += datagram.length;
    this.onDatagram?.(from, to, datagram);
    const lineMs = this.#lineMs(to, datagram.length);
    if (lineMs === undefined) {
      this.#queueDrops++;
      return;
    }
    const copy = new Uint8Array(datagram);
    const [leastMs, mostMs] = this.delayMs;
    const delayMs = lineMs + leastMs + (mostMs - leastMs) * this.#random.next();
    this.clock.setTimeout(() => {
      const socket = this.#sockets.get(to);
      if (socket === undefined) this.#lost++;
      else socket.deliver(copy, from);
    }, delayMs);
  }

  #lineMs(to: Address, datagramBytes: number): number | undefined {
    return this.#bottleneck === undefined ? 0 : this.#bottleneck.delayMs(to, datagramBytes, this.clock.monotonic());
  }

  #freeAddress(host: string): Address {
    let address: Address;
    do {
      const name = host.includes(':') ? `[${host}]` : host;
      address = `${name}:${String(this.#nextPort++)}`;
    } while (this.#sockets.has(address));
    return address;
  }
}
