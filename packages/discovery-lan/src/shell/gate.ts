import { EventEmitter } from 'node:events';

/** What is used of a socket of node:dgram. */
export interface MulticastSocket {
  on(event: 'message', listener: (packet: Uint8Array, sender: { readonly address: string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  bind(
    options: { readonly port: number; readonly address: string; readonly exclusive: boolean },
    bound: () => void,
  ): unknown;
  addMembership(group: string, interfaceAddress: string): void;
  setMulticastInterface(interfaceAddress: string): void;
  setMulticastTTL(hops: number): unknown;
  setMulticastLoopback(on: boolean): unknown;
  send(...sending: Sending): void;
  close(closed: () => void): unknown;
  unref(): unknown;
}

type Sent = (error: Error | null) => void;

/** What multicast-dns sends a packet with: parameters of node:dgram. */
type Sending = [packet: Uint8Array, offset: number, length: number, port: number, address: string, sent: Sent];

export interface GateOptions {
  /** The packet may be read. */
  readonly admit: (bytes: number, source: string) => boolean;
  readonly group: string;
  readonly interfaceAddress: string;
  /** The socket is of no use any more. */
  readonly onError: (error: Error) => void;
}

/**
 * Stands between multicast-dns and a socket: nothing that the socket throws goes through, and no packet that was not
 * admitted, so that it is dropped before it costs anything.
 */
export class Gate extends EventEmitter {
  readonly #socket: MulticastSocket;
  readonly #options: GateOptions;
  #closed = false;

  constructor(socket: MulticastSocket, options: GateOptions) {
    super();
    this.#socket = socket;
    this.#options = options;
    socket.on('error', (error) => {
      this.#fail(error);
    });
    socket.on('message', (packet, sender) => {
      if (!this.#closed && options.admit(packet.length, sender.address)) this.emit('message', packet, sender);
    });
  }

  bind(port: number, address: string, bound: () => void): void {
    this.#attempt(() => {
      // Workers of node:cluster share sockets otherwise, and one of them would hear what is for all.
      this.#socket.bind({ port, address, exclusive: true }, () => {
        this.#attempt(() => {
          this.#join();
          bound();
        });
      });
      // Discovery is no reason for a process to go on.
      this.#socket.unref();
    });
  }

  send(...sending: Sending): void {
    try {
      this.#socket.send(...sending);
    } catch (error) {
      const [, , , , , sent] = sending;
      sent(asError(error));
    }
  }

  close(closed: () => void): void {
    this.#closed = true;
    try {
      this.#socket.close(closed);
    } catch {
      // It is closed, or was never opened.
      closed();
    }
  }

  #join(): void {
    const { group, interfaceAddress } = this.#options;
    this.#socket.addMembership(group, interfaceAddress);
    this.#socket.setMulticastInterface(interfaceAddress);
    // RFC 6762 §11: 255, so that receivers could see that nobody has forwarded it.
    this.#socket.setMulticastTTL(255);
    // Other nodes of this machine are to hear it.
    this.#socket.setMulticastLoopback(true);
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  #fail(error: Error): void {
    if (!this.#closed) this.#options.onError(error);
  }
}

export function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
