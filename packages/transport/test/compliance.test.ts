import { describe, it } from 'vitest';
import { datagramSocketSuite, transportSuite } from '../src/compliance/index.ts';
import type { DatagramSocket } from '../src/index.ts';
import {
  datagramTransport,
  formatHostPort,
  MemoryNetwork,
  newSecret,
  parseHostPort,
  seededRandom,
  udpSocket,
  withFaults,
} from '../src/index.ts';

interface Kind {
  readonly create: () => DatagramSocket;
  readonly createAt: (address: string) => DatagramSocket;
  readonly nobody: string;
}

function udp(host: string, nobody: string): Kind {
  return {
    create: () => udpSocket({ host }),
    createAt: (address) => udpSocket(parseHostPort(address)),
    nobody,
  };
}

/** Bound to `::`; others reach it at `host`. */
function dualStack(host: string, nobody: string): Kind {
  const reachedAt = (socket: DatagramSocket): DatagramSocket => {
    const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(socket), 'address');
    const get = (): string => formatHostPort(host, parseHostPort(String(own?.get?.call(socket))).port);
    return Object.defineProperty(socket, 'address', { get });
  };
  return {
    create: () => reachedAt(udpSocket({ host: '::' })),
    createAt: (address) => reachedAt(udpSocket({ host: '::', port: parseHostPort(address).port })),
    nobody,
  };
}

function memory(network: MemoryNetwork): Kind {
  return {
    create: () => network.socket(),
    createAt: (address) => network.socket(address),
    nobody: '10.0.0.9:9',
  };
}

/** Port 1 of loopback: nothing listens there. */
const kinds: Readonly<Record<string, Kind>> = {
  'UDP over IPv4': udp('127.0.0.1', '127.0.0.1:1'),
  'UDP over IPv6': udp('::1', '[::1]:1'),
  'UDP over IPv4 of sockets for both': dualStack('127.0.0.1', '127.0.0.1:1'),
  'UDP over IPv6 of sockets for both': dualStack('::1', '[::1]:1'),
  'the memory network': memory(new MemoryNetwork({ delayMs: [0, 1] })),
};

describe.each(Object.entries(kinds))('%s', (_name, { create, createAt, nobody }) => {
  datagramSocketSuite({ describe, it }, { create, createAt, nobody });
  transportSuite(
    { describe, it },
    {
      create: () => datagramTransport({ socket: create() }),
      createAt: (address) => datagramTransport({ socket: createAt(address) }),
      nobody,
    },
  );
});

describe('a memory network that loses, repeats and delays', () => {
  const { create, createAt, nobody } = memory(new MemoryNetwork({ delayMs: [0, 3] }));
  const random = seededRandom(7);
  const faults = { lose: 0.02, duplicate: 0.1, reorder: 0.1, reorderMs: 5 };
  const worse = (socket: DatagramSocket): DatagramSocket => withFaults(socket, { random, faults });
  transportSuite(
    { describe, it },
    {
      create: () => datagramTransport({ socket: worse(create()) }),
      createAt: (address) => datagramTransport({ socket: worse(createAt(address)) }),
      nobody,
      longestBytes: 100_000,
      boundMs: 20_000,
    },
  );
});

describe.each(Object.entries(kinds))('%s, sealed', (_name, { create, createAt, nobody }) => {
  const secret = newSecret();
  transportSuite(
    { describe, it },
    {
      create: () => datagramTransport({ socket: create(), secret }),
      createAt: (address) => datagramTransport({ socket: createAt(address), secret }),
      nobody,
    },
  );
});
