import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import { parseHostPort } from '../address.ts';
import type { DatagramHandlers, DatagramSocket } from '../datagram-socket.ts';
import { bufferCost } from '../link/buffer-cost.ts';
import type { MemoryNetwork } from './memory-network.ts';

/** One socket of a MemoryNetwork. */
export class MemorySocket implements DatagramSocket {
  readonly #network: MemoryNetwork;
  #address: Address;
  #handlers: DatagramHandlers | undefined;
  #closed = false;
  /** Came and is not read yet: at most what the receive buffer holds. */
  #waiting: { readonly datagram: Uint8Array; readonly from: Address }[] = [];
  #waitingCost = 0;
  readonly counters: Record<string, number> = { datagramsTooLarge: 0 };

  constructor(network: MemoryNetwork, address: Address) {
    parseHostPort(address);
    this.#network = network;
    this.#address = address;
  }

  bind(handlers: DatagramHandlers): Promise<void> {
    const address = this.#closed ? undefined : this.#network.attach(this, this.#address);
    if (address === undefined) {
      const text = `Address already in use: ${this.#address}`;
      return Promise.reject(new SimpleDHTError('ERR_ADDRESS_IN_USE', text));
    }
    this.#address = address;
    this.#handlers = handlers;
    return Promise.resolve();
  }

  get address(): Address {
    return this.#address;
  }

  get localAddresses(): readonly Address[] {
    return [this.#address];
  }

  get receiveBufferBytes(): number {
    return this.#network.receiveBufferBytes;
  }

  async resolve(name: string): Promise<readonly Address[]> {
    const addresses = this.#network.names.get(name);
    if (addresses !== undefined) return Promise.resolve(addresses);
    parseHostPort(name);
    return Promise.resolve([name]);
  }

  send(datagram: Uint8Array, to: Address): void {
    if (this.#handlers === undefined) return;
    if (datagram.length > this.#network.maxDatagramBytes) {
      this.counters['datagramsTooLarge'] = (this.counters['datagramsTooLarge'] ?? 0) + 1;
      return;
    }
    this.#network.carry(this.#address, to, datagram);
  }

  isLoopback(): boolean {
    return this.#network.loopback;
  }

  close(): Promise<void> {
    this.#closed = true;
    if (this.#handlers !== undefined) this.#network.detach(this.#address);
    this.#handlers = undefined;
    return Promise.resolve();
  }

  /** For the network. */
  deliver(datagram: Uint8Array, from: Address): void {
    const { readEveryMs, clock } = this.#network;
    if (readEveryMs === 0) {
      this.#handlers?.onDatagram(datagram, from);
      return;
    }
    const cost = bufferCost(datagram.length);
    if (this.#waitingCost + cost > this.receiveBufferBytes) {
      this.#network.onBufferDrop();
      return;
    }
    if (this.#waiting.length === 0) {
      clock.setTimeout(() => {
        this.#read();
      }, readEveryMs);
    }
    this.#waiting.push({ datagram, from });
    this.#waitingCost += cost;
  }

  #read(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCost = 0;
    for (const { datagram, from } of waiting) this.#handlers?.onDatagram(datagram, from);
  }
}
