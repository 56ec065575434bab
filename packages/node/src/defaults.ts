import { presets, type MembershipSettings } from '@simpledht/membership';
import { memoryStore, type ReplicaSettings, type Store } from '@simpledht/storage';
import {
  clusterTagOf,
  discoveryTags,
  silentLogger,
  systemClock,
  systemRandom,
  udpTransport,
  type Clock,
  type Discovery,
  type Logger,
  type Random,
  type Transport,
  type UdpTransportOptions,
} from '@simpledht/transport';
import { limits } from '@simpledht/wire';
import type { NodeOptions } from './options.ts';

/** Everything a node is made of, chosen. */
export interface Parts {
  readonly transport: Transport;
  /** Another one like it at a free port; not of a transport that the user made. */
  readonly freshTransport: (() => Transport) | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly bootstrap: readonly string[];
  readonly advertise: string | undefined;
  readonly discovery: Discovery | undefined;
  /** What an announcement says of the cluster. */
  readonly tags: readonly string[];
  readonly maxValueBytes: number;
  readonly maxWatchers: number;
  /** Of membership; what is not given has its default. */
  readonly membership: Partial<MembershipSettings>;
  /** Of the replica; what is not given has its default. */
  readonly replica: Partial<ReplicaSettings>;
}

/** Watches of one node at a time. */
const defaultMaxWatchers = 10_000;

/** The port of the original and of every example. */
export const defaultPort = 5000;

/** The one place where the facade names concrete adapters. */
export function chooseParts(options: NodeOptions): Parts {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const logger = options.logger ?? silentLogger;
  const { host = '0.0.0.0', port = defaultPort, secret, stun } = options;
  const udp = { host, clock, random, logger, ...(secret !== undefined && { secret }), ...pathOf(options) };
  return {
    clock,
    random,
    logger,
    transport: options.transport ?? udpTransport({ ...udp, port, ...(stun && { stun }) }),
    freshTransport: options.transport === undefined ? () => udpTransport({ ...udp, port: 0 }) : undefined,
    store: options.store ?? memoryStore(),
    bootstrap: options.bootstrap ?? [],
    advertise: options.advertise,
    discovery: options.discovery,
    tags: options.discovery === undefined ? [] : discoveryTags({ name: options.cluster ?? '', secret }),
    maxValueBytes: options.maxValueBytes ?? limits.defaultMaxValueBytes,
    maxWatchers: options.maxWatchers ?? defaultMaxWatchers,
    membership: {
      ...presets[options.preset ?? 'lan'],
      ...(options.forgetAfterMs === undefined ? {} : { forgetAfterMs: options.forgetAfterMs }),
    },
    replica: replicaSettings(options),
  };
}

/** Headers of IPv6 and UDP; those of IPv4 are shorter. */
const headerBytes = 48;

/** What a person knows of the cluster, and of the way to other machines. */
function pathOf({
  mtu,
  keepaliveMs,
  cluster = '',
}: NodeOptions): Pick<UdpTransportOptions, 'maxDatagramBytes' | 'settings'> {
  return {
    ...(mtu === undefined ? {} : { maxDatagramBytes: mtu - headerBytes }),
    settings: { clusterTag: clusterTagOf(cluster), ...(keepaliveMs === undefined ? {} : { keepaliveMs }) },
  };
}

function replicaSettings({ maxKeys, maxStoreBytes, tombstoneGraceMs }: NodeOptions): Partial<ReplicaSettings> {
  return {
    ...(maxKeys === undefined ? {} : { maxKeys }),
    ...(maxStoreBytes === undefined ? {} : { maxStoreBytes }),
    ...(tombstoneGraceMs === undefined ? {} : { tombstoneGraceMs }),
  };
}
