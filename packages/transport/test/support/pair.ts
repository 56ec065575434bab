import type { Address } from '@simpledht/wire';
import type {
  Blame,
  FaultySocket,
  MemoryNetworkOptions,
  Transport,
  TransportEvent,
  TransportSettings,
} from '../../src/index.ts';
import { datagramTransport, MemoryNetwork, seededRandom, VirtualClock, withFaults } from '../../src/index.ts';

/** A transport on a memory network, what it heard, and how it answers. */
export interface Peer {
  readonly transport: Transport;
  readonly socket: FaultySocket;
  readonly address: Address;
  readonly events: TransportEvent[];
  readonly datagrams: Uint8Array[];
  readonly requests: Uint8Array[];
  /** How requests are answered; echo at first. */
  answer: (payload: Uint8Array, reply: (payload: Uint8Array) => void, blame?: Blame) => void;
}

type Secret = string | readonly string[];

export interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly peer: (address: Address, settings?: Partial<TransportSettings>, secret?: Secret) => Promise<Peer>;
}

export function world(seed: number, options: MemoryNetworkOptions = {}): World {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const network = new MemoryNetwork({ clock, random, delayMs: [1, 2], ...options });
  const peer: World['peer'] = async (address, settings = {}, secret) => {
    const socket = withFaults(network.socket(address), { clock, random });
    const transport = datagramTransport({ socket, clock, random, settings, ...(secret !== undefined && { secret }) });
    const made: Peer = {
      transport,
      socket,
      address,
      events: [],
      datagrams: [],
      requests: [],
      answer: (payload, reply) => {
        reply(payload);
      },
    };
    await transport.open({
      onDatagram: (_from, payload) => made.datagrams.push(payload),
      onRequest: (_from, payload, reply, blame) => {
        made.requests.push(payload);
        made.answer(payload, reply, blame);
      },
      onEvent: (event) => made.events.push(event),
    });
    return made;
  };
  return { clock, network, peer };
}

/** Lets virtual time pass until `promise` settles, at most `maxMs`. */
export async function settled<Value>(clock: VirtualClock, promise: Promise<Value>, maxMs: number): Promise<Value> {
  let done = false;
  const finish = (): void => {
    done = true;
  };
  promise.then(finish, finish);
  if (!(await clock.runUntil(() => done, maxMs))) throw new Error(`Not settled after ${String(maxMs)} virtual ms`);
  return promise;
}

/** Bytes that differ from place to place and from seed to seed. */
export function bytes(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const made = new Uint8Array(length);
  for (let index = 0; index < length; index++) made[index] = random.next() * 256;
  return made;
}
