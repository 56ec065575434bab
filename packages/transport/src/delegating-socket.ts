import type { Address } from '@simpledht/wire';
import type { DatagramHandlers, DatagramSocket } from './datagram-socket.ts';

/** Does everything by another socket; whoever extends it changes some of that. */
export abstract class DelegatingSocket implements DatagramSocket {
  protected socket: DatagramSocket;

  constructor(socket: DatagramSocket) {
    this.socket = socket;
  }

  bind(handlers: DatagramHandlers): Promise<void> {
    return this.socket.bind(handlers);
  }

  send(datagram: Uint8Array, to: Address): void {
    this.socket.send(datagram, to);
  }

  get address(): Address {
    return this.socket.address;
  }

  get localAddresses(): readonly Address[] {
    return this.socket.localAddresses;
  }

  get receiveBufferBytes(): number {
    return this.socket.receiveBufferBytes;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.socket.counters;
  }

  resolve(name: string): Promise<readonly Address[]> {
    return this.socket.resolve(name);
  }

  isLoopback(address: Address): boolean {
    return this.socket.isLoopback(address);
  }

  close(): Promise<void> {
    return this.socket.close();
  }
}
