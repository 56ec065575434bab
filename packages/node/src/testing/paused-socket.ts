import type { DatagramHandlers, DatagramSocket } from '@simpledht/transport';
import type { Address } from '@simpledht/wire';
import type { NodeClock } from './node-clock.ts';

/** What a stock receive buffer of Linux holds; the rest is lost while nobody reads. */
const bufferedDatagrams = 92;

/** The socket of a process that may stand still: datagrams wait in its receive buffer. */
export class PausedSocket implements DatagramSocket {
  readonly #socket: DatagramSocket;
  readonly #clock: NodeClock;
  #waiting = 0;

  constructor(socket: DatagramSocket, clock: NodeClock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  bind(handlers: DatagramHandlers): Promise<void> {
    return this.#socket.bind({
      onDatagram: (datagram, from) => {
        if (this.#clock.isPaused && this.#waiting >= bufferedDatagrams) return;
        this.#waiting += 1;
        this.#clock.run(() => {
          this.#waiting -= 1;
          handlers.onDatagram(datagram, from);
        });
      },
      onError: (error) => {
        handlers.onError(error);
      },
    });
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
