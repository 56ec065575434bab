import type { DatagramHandlers, DatagramSocket } from '@simpledht/transport';
import { DelegatingSocket } from '@simpledht/transport/adapter';
import type { NodeClock } from './node-clock.ts';

/** What a stock receive buffer of Linux holds; the rest is lost while nobody reads. */
const bufferedDatagrams = 92;

/** The socket of a process that may stand still: datagrams wait in its receive buffer. */
export class PausedSocket extends DelegatingSocket {
  readonly #clock: NodeClock;
  #waiting = 0;

  constructor(socket: DatagramSocket, clock: NodeClock) {
    super(socket);
    this.#clock = clock;
  }

  override bind(handlers: DatagramHandlers): Promise<void> {
    return super.bind({
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
}
