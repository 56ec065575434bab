import type { DatagramHandlers, MemoryNetwork } from '@simpledht/transport';
import { DelegatingSocket } from '@simpledht/transport/adapter';
import type { Address } from '@simpledht/wire';

/** The socket of a process whose machine may get another address: the process notices nothing. */
export class MovingSocket extends DelegatingSocket {
  readonly #network: MemoryNetwork;
  #handlers: DatagramHandlers | undefined;

  constructor(network: MemoryNetwork, address: Address) {
    super(network.socket(address));
    this.#network = network;
  }

  /** From now on it sends from there, and what is sent to the former address is lost. */
  async move(address: Address): Promise<void> {
    const old = this.socket;
    this.socket = this.#network.socket(address);
    if (this.#handlers !== undefined) await this.socket.bind(this.#handlers);
    await old.close();
  }

  override bind(handlers: DatagramHandlers): Promise<void> {
    this.#handlers = handlers;
    return super.bind(handlers);
  }
}
