import type { Address } from '@simpledht/wire';

/**
 * The inner port of the UDP transport: a socket that carries single datagrams. The simulator stands here, so
 * everything above it that runs in production runs in the simulator. `@simpledht/transport/compliance` has its suite.
 */
export interface DatagramSocket {
  /** Rejects with `ERR_ADDRESS_IN_USE` or `ERR_BIND_FAILED`. Called once. */
  bind(handlers: DatagramHandlers): Promise<void>;
  /** Known after `bind`; port 0 is replaced by the port given. */
  readonly address: Address;
  /** Addresses of this machine under which others may reach `address`. */
  readonly localAddresses: readonly Address[];
  /** Receive buffer as the system really gave it, bytes. */
  readonly receiveBufferBytes: number;
  /** Turns `host:port` into addresses that `send` takes. Rejects with `ERR_INVALID_ADDRESS`. */
  resolve(name: string): Promise<readonly Address[]>;
  /**
   * Hands one datagram to the system. Returns at once and never throws for the network's sake: what cannot be sent
   * is a lost packet and counted. The bytes are not changed by the caller afterwards.
   */
  send(datagram: Uint8Array, to: Address): void;
  /** True for addresses between which large datagrams do no harm (127/8, ::1, the memory network if told so). */
  isLoopback(address: Address): boolean;
  /** No datagram is handed over after it has settled. Idempotent. */
  close(): Promise<void>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface DatagramHandlers {
  /** The bytes belong to the receiver. Not a Buffer: `slice` of one would not copy. */
  onDatagram(datagram: Uint8Array, from: Address): void;
  /** A fault after `bind` that ends the socket or that a person should know. */
  onError(error: Error): void;
}
