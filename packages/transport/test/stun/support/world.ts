import type { Address } from '@simpledht/wire';
import type { DatagramSocket, Transport, TransportEvent } from '../../../src/index.ts';
import { datagramTransport, MemoryNetwork, seededRandom, VirtualClock } from '../../../src/index.ts';
import { mapped, message } from './messages.ts';

export const self = '10.0.0.1:5000';
export const server = '10.9.9.9:3478';
export const secondServer = '10.9.9.8:3478';

/** A request that a server got: when, and its transaction id. */
export interface Asked {
  readonly atMs: number;
  readonly id: Uint8Array;
  readonly from: Address;
}

export interface StunWorld {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly transport: Transport;
  readonly events: TransportEvent[];
  /** A server that keeps what it is asked, and answers what the function gives. */
  readonly serve: (at: Address, answer: (asked: Asked) => Uint8Array | undefined) => Promise<Asked[]>;
}

/** A transport that asks servers on a memory network in virtual time. Nothing is sent before the clock runs. */
export async function stunWorld(stun: readonly string[] = [server]): Promise<StunWorld> {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const network = new MemoryNetwork({ clock, random, delayMs: [1, 1] });
  const transport = datagramTransport({ socket: network.socket(self), clock, random, stun });
  const events: TransportEvent[] = [];
  const serve: StunWorld['serve'] = async (at, answer) => {
    const asked: Asked[] = [];
    const socket: DatagramSocket = network.socket(at);
    const onDatagram = (datagram: Uint8Array, from: Address): void => {
      const one = { atMs: clock.monotonic(), id: datagram.slice(8, 20), from };
      asked.push(one);
      const reply = answer(one);
      if (reply !== undefined) socket.send(reply, from);
    };
    await socket.bind({ onDatagram, onError: () => undefined });
    return asked;
  };
  await transport.open({
    onDatagram: () => undefined,
    onRequest: (_from, payload, reply) => {
      reply(payload);
    },
    onEvent: (event) => events.push(event),
  });
  return { clock, network, transport, events, serve };
}

/** What an honest server sees. */
export function honest(ip = '203.0.113.7', port = 40_000): (asked: Asked) => Uint8Array {
  return ({ id }) => message({ id, attributes: [mapped(ip, port)] });
}
