import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { MulticastSocket } from './gate.ts';
import type { Interfaces, Network } from './network.ts';

/** What discovery needs of the machine; another one in tests. */
export interface Machine {
  readonly interfaces: () => Interfaces;
  readonly createSocket: (type: Network['type']) => MulticastSocket;
}

export const thisMachine: Machine = {
  interfaces: networkInterfaces,
  // Others on this machine listen on that port too.
  createSocket: (type) => createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6' }),
};
