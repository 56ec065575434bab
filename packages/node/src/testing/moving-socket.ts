import type { MemoryNetwork, DatagramHandlers, DatagramSocket } from '@simpledht/transport';
import type { Address } from '@simpledht/wire';

/** The socket of a process whose machine may get another address: the process notices nothing. */
export class MovingSocket implements DatagramSocket {
  readonly #network: MemoryNetwork;
  #socket: DatagramSocket;
  #handlers: DatagramHandlers | undefined;

  constructor(network: MemoryNetwork, address: Address) {
    this.#network = network;
    this.#socket = network.socket(address);
  }

  /** From now on it sends from there, and what is sent to the former address is lost. */
  async move(address: Address): Promise<void> {
    const old = this.#socket;
    this.#socket = this.#network.socket(address);
    if (this.#handlers !== undefined) await this.#socket.bind(this.#handlers);
    await old.close();
  }

  bind(handlers: DatagramHandlers): Promise<void> {
    this.#handlers = handlers;
    return this.#socket.bind(handlers);
  }

  send(datagram: Uint8Array, to: Address): void {
    this.#socket.send(datagram, to);
  }

  get address(): Address {
    return this.#socket.address;
  }

  get localAddresses(): readonly Address[] {
    return this.#socket.localAddresses;
  }

  get receiveBufferBytes(): number {
    return this.#socket.receiveBufferBytes;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#socket.counters;
  }

  resolve(name: string): Promise<readonly Address[]> {
    return this.#socket.resolve(name);
  }

  isLoopback(address: Address): boolean {
    return this.#socket.isLoopback(address);
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}
