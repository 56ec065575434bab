import type { TransportOptions } from '../transport.ts';

/** Options of the verb `start`. */
export interface StartOptions extends TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly bootstrap: readonly string[];
  /** Finds nodes on the local network. */
  readonly discover?: boolean;
  readonly advertise?: string;
  /** STUN servers to ask. */
  readonly stun: readonly string[];
  readonly mapPort: boolean;
  /** Bytes. */
  readonly mtu?: number;
  /** Ms. */
  readonly keepalive?: number;
  readonly preset: 'local' | 'lan' | 'wan';
  /** Directory that keeps the node's data and id; in memory when absent. */
  readonly data?: string;
  /** File with the cluster's secrets. */
  readonly secretFile?: string;
  readonly json: boolean;
}

/** Tells what a running node does. It begins when it is made; the node has just started. */
export interface Report {
  /** The router forwards this address to the node. */
  mapped(address: string, via: string): void;
  notMapped(reason: string): void;
  stopping(signal: NodeJS.Signals): void;
  stopped(): void;
}
