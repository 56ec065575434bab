import {
  clusterTagOf,
  datagramTransport,
  seededRandom,
  withFaults,
  type Clock,
  type DatagramSocket,
  type Faults,
  type FaultySocket,
  type MemoryNetwork,
  type Random,
  type Transport,
  type VirtualClock,
} from '@simpledht/transport';
import type { Address } from '@simpledht/wire';
import { DHTNode } from '../dht-node.ts';
import type { NodeOptions } from '../options.ts';
import type { DiskCopy } from './disk.ts';
import { DiskStore, type DiskWatcher } from './disk-store.ts';
import { LaterSocket } from './later-socket.ts';
import { LaterTransport, laterVersions } from './later-transport.ts';
import { MovingSocket } from './moving-socket.ts';
import { NodeClock } from './node-clock.ts';
import { PausedSocket } from './paused-socket.ts';

/** One place of the cluster: a process and the disk under it. */
export interface Machine {
  readonly node: DHTNode;
  readonly socket: FaultySocket;
  readonly store: DiskStore;
  readonly clock: NodeClock;
  readonly options: NodeOptions;
  address: Address;
  up: boolean;
  /** The machine gets another address while the process runs. */
  move(address: Address): Promise<void>;
}

interface TransportParts {
  readonly socket: DatagramSocket;
  readonly clock: Clock;
  readonly random: Random;
}

/** What all machines of a cluster share. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: MemoryNetwork;
  /** Without it data is kept at once. */
  readonly flushMs: readonly [least: number, most: number] | undefined;
}

export interface MachineOptions {
  readonly address: Address;
  /** What its clock shows too much, from the first line of the process on. */
  readonly clockOffsetMs: number;
  readonly faults: Partial<Faults>;
  readonly bootstrap: readonly Address[];
  /** As given to `add`; a restart uses them again. */
  readonly own: NodeOptions;
  /** Of this place of the cluster; `own` goes before them. */
  readonly common: NodeOptions;
  readonly data: DiskCopy | undefined;
  readonly watcher: DiskWatcher | undefined;
  /** Speaks a later version of the protocol. */
  readonly isLater: boolean;
}

export function buildMachine(surroundings: Surroundings, options: MachineOptions): Machine {
  const clock = new NodeClock(surroundings.clock);
  clock.offsetMs = options.clockOffsetMs;
  // A source of its own per node: what one node draws does not change another's fate.
  const random = seededRandom(Math.floor(surroundings.random.next() * 2 ** 31));
  const { flushMs } = surroundings;
  const { address, faults, own, data, watcher } = options;
  const store = new DiskStore({ flushMs, clock: surroundings.clock, random: surroundings.random, watcher }, data);
  const network = new MovingSocket(surroundings.network, address);
  const socket = withFaults(network, { clock: surroundings.clock, random, faults });
  // A secret is the transport's, and the transport is made here.
  const { secret, ...others } = { ...options.common, ...own };
  const transport = buildTransport(
    { socket: new PausedSocket(socket, clock), clock, random },
    { secret, cluster: others.cluster, isLater: options.isLater },
  );
  const node = new DHTNode({ clock, random, transport, store, bootstrap: options.bootstrap, ...others });
  const move = async (to: Address): Promise<void> => {
    machine.address = to;
    await network.move(to);
  };
  const machine: Machine = { node, socket, store, clock, options: own, address, up: true, move };
  return machine;
}

interface Speech {
  readonly secret: NodeOptions['secret'];
  readonly cluster: string | undefined;
  readonly isLater: boolean;
}

function buildTransport(parts: TransportParts, { secret, cluster, isLater }: Speech): Transport {
  const sealing = {
    ...(secret === undefined ? {} : { secret }),
    settings: { clusterTag: clusterTagOf(cluster ?? '') },
  };
  if (!isLater) return datagramTransport({ ...parts, ...sealing });
  // What is sealed nobody can add to on its way out.
  const socket = secret === undefined ? new LaterSocket(parts.socket) : parts.socket;
  return new LaterTransport(datagramTransport({ ...parts, ...sealing, socket, versions: laterVersions }), parts.clock);
}
