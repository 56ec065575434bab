import { presets } from '@simpledht/membership';
import type { Store } from '@simpledht/storage';
import {
  clusterTagOf,
  type Clock,
  type Discovery,
  type Logger,
  type Random,
  type Transport,
} from '@simpledht/transport';
import { limits, SimpleDHTError } from '@simpledht/wire';
import type { ListOptions } from './types.ts';

/** Names of the presets of membership, see `@simpledht/membership`. */
export type Preset = keyof typeof presets;

/** Options of `new DHTNode` and `createNode`; every one has a default. */
export interface NodeOptions {
  /** Address to bind, `'0.0.0.0'` by default; `'::'` for IPv4 and IPv6 together. Not used with `transport`. */
  readonly host?: string;
  /** UDP port, 5000 by default; 0 lets the system choose. Not used with `transport`. */
  readonly port?: number;
  /**
   * The cluster's secret, as `newSecret()` or `simpledht keygen` makes it: only who has it can reach this node, and all
   * traffic is encrypted. Several, while one takes the place of another: the first is dialled with first, all are taken.
   * A `transport` of your own has its own way.
   */
  readonly secret?: string | readonly string[];
  /**
   * Name of the cluster, the same on all of its nodes and in calls to them; nodes of clusters with other names do not hear
   * each other. It keeps apart what would meet by accident, and keeps nobody out: that is what `secret` is for. With a
   * `transport` of your own it counts for `discovery` alone; `clusterTagOf` makes what UDP and TCP take.
   */
  readonly cluster?: string;
  /**
   * Members to join through, as `host:port`, `[::1]:5000`, or the name of a service (SRV records) such as
   * `_simpledht._udp.example.org`. Names are resolved anew each time. Tried again for ever when they do not answer.
   */
  readonly bootstrap?: readonly string[];
  /**
   * Finds members without an address, such as `lanDiscovery()` of `@simpledht/discovery-lan`: whom it tells of, with the
   * same `cluster` and `secret`, is dialled like `bootstrap`. The node starts and stops it; it never fails a node. With it a
   * node looks around for 3 s before it is ready on its own.
   */
  readonly discovery?: Discovery;
  /** Where others reach this node, `host:port`, when they cannot see it themselves (port forwarding). */
  readonly advertise?: string;
  /**
   * STUN servers (RFC 8489) to ask for the public address, `host:port`, at the start and every 5 minutes. None by default:
   * nobody outside the cluster is asked. Refused with `transport`.
   */
  readonly stun?: readonly string[];
  /**
   * Largest IP packet that the way to other machines carries, bytes: 1500 on Ethernet saves a sixth of the datagrams. By
   * default none is taken for granted, and datagrams have 1,200 bytes. What both ends of a link allow counts. Refused
   * with `transport`.
   */
  readonly mtu?: number;
  /**
   * Says something to each peer at least so often, ms, so that an address translator between them keeps its entry; 20,000
   * is short enough for most. Never by default. Refused with `transport`.
   */
  readonly keepaliveMs?: number;
  /** Largest encoded value of a local write, bytes: 1 MiB by default, 16 MiB at most. */
  readonly maxValueBytes?: number;
  /**
   * Keys, deleted ones that are still remembered included, beyond which new ones are refused here with `ERR_MAP_FULL`.
   * Default 1,000,000. What others write is taken up to twice as much.
   */
  readonly maxKeys?: number;
  /** Bytes of keys and values beyond which writes of values are refused here with `ERR_MAP_FULL`. Default 1 GiB. */
  readonly maxStoreBytes?: number;
  /**
   * How long a member that is away is waited for before deleted keys are forgotten, ms. Default 24 h. A member that comes
   * back later reads the whole map anew.
   */
  readonly tombstoneGraceMs?: number;
  /**
   * How long a member that is dead, or has left, is remembered and (the dead) dialled, ms. Default 7 days. One that keeps
   * its data in memory is forgotten after 10 minutes at the latest, as it does not come back as the same member.
   */
  readonly forgetAfterMs?: number;
  /**
   * How the way between the members is, and so how soon one that does not answer is declared dead: `'local'` on one
   * machine or in one rack, `'lan'` with round trips under 100 ms (default; both about 5 s), `'wan'` between continents
   * (about 40 s). Best the same on all members.
   */
  readonly preset?: Preset;
  /** Watches at a time; beyond it `watch` throws `ERR_LIMIT_REACHED`. Default 10,000. */
  readonly maxWatchers?: number;
  /** Replaces UDP. The node opens and closes it. */
  readonly transport?: Transport;
  /** Replaces the memory store. The node closes it when it stops. */
  readonly store?: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Pino's method shape; silent by default. */
  readonly logger?: Logger;
}

/** Throws `ERR_INVALID_OPTION` naming the option. */
export function checkOptions(options: NodeOptions): void {
  const { host, port, bootstrap, advertise, maxValueBytes } = options;
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    throw invalid('host', 'a non-empty string', host);
  if (port !== undefined && !isInteger(port, 0, 65_535)) throw invalid('port', 'an integer from 0 to 65535', port);
  if (bootstrap !== undefined) checkBootstrap(bootstrap);
  checkAdvertise(advertise);
  if (maxValueBytes !== undefined && !isInteger(maxValueBytes, 1, limits.maxValueBytes))
    throw invalid('maxValueBytes', `an integer from 1 to ${String(limits.maxValueBytes)}`, maxValueBytes);
  for (const name of ['secret', 'mtu', 'keepaliveMs', 'stun'] as const) {
    if (options[name] !== undefined && options.transport !== undefined)
      throw new SimpleDHTError('ERR_INVALID_OPTION', `Option ${name} is for UDP: give it to the transport itself`);
  }
  if (options.cluster !== undefined) clusterTagOf(options.cluster);
  checkDiscovery(options.discovery);
  if (options.preset !== undefined && !Object.hasOwn(presets, options.preset))
    throw invalid('preset', "'local', 'lan' or 'wan'", options.preset);
  checkSizes(options);
}

function checkDiscovery(discovery: unknown): void {
  if (discovery === undefined) return;
  const isOne =
    typeof discovery === 'object' &&
    discovery !== null &&
    ['start', 'stop'].every((name) => typeof Reflect.get(discovery, name) === 'function');
  if (!isOne) throw invalid('discovery', 'a Discovery, such as lanDiscovery() makes', discovery);
}

export function checkAdvertise(advertise: unknown): void {
  if (advertise !== undefined && (typeof advertise !== 'string' || advertise === ''))
    throw invalid('advertise', 'a string such as 203.0.113.7:5000', advertise);
}

/** A datagram of 512 bytes, the least that links work with, in IPv6. */
const leastMtu = 560;

function checkSizes(options: NodeOptions): void {
  const { mtu, keepaliveMs } = options;
  if (mtu !== undefined && !isInteger(mtu, leastMtu, 65_535))
    throw invalid('mtu', `an integer from ${String(leastMtu)} to 65535`, mtu);
  if (keepaliveMs !== undefined && !isInteger(keepaliveMs, 0, 3_600_000))
    throw invalid('keepaliveMs', 'an integer from 0 to 3600000', keepaliveMs);
  for (const name of ['maxKeys', 'maxStoreBytes', 'maxWatchers'] as const) {
    const size = options[name];
    if (size !== undefined && !isInteger(size, 1, Number.MAX_SAFE_INTEGER))
      throw invalid(name, 'a positive integer', size);
  }
  for (const name of ['tombstoneGraceMs', 'forgetAfterMs'] as const) {
    const time = options[name];
    if (time !== undefined && !isInteger(time, 0, Number.MAX_SAFE_INTEGER))
      throw invalid(name, 'a whole number of ms, not negative', time);
  }
}

function checkBootstrap(bootstrap: unknown): void {
  const strings = Array.isArray(bootstrap) && bootstrap.every((name) => typeof name === 'string' && name !== '');
  if (!strings) throw invalid('bootstrap', 'an array of strings such as 203.0.113.7:5000', bootstrap);
}

export function isInteger(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

export function invalid(name: string, wanted: string, got: unknown): SimpleDHTError {
  const shown = typeof got === 'string' ? JSON.stringify(got) : String(got);
  return new SimpleDHTError('ERR_INVALID_OPTION', `Option ${name} must be ${wanted}, not ${shown}`);
}

/** Longest wait that a timer carries, ms (2^31 − 1, 24 days). */
const maxTimeoutMs = 2_147_483_647;

/** A wait in ms; `Infinity` is the longest that a timer carries. Throws `ERR_INVALID_OPTION`. */
export function checkedTimeout(timeout: number | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  if (typeof timeout === 'number' && timeout >= 0) return Math.min(timeout, maxTimeoutMs);
  throw invalid('timeout', 'a number of ms, not negative', timeout);
}

/** Bounds of a listing. Throws `ERR_INVALID_OPTION`. */
export function checkBounds(options: ListOptions): void {
  for (const name of ['prefix', 'gt', 'gte', 'lt', 'lte'] as const) {
    const bound: unknown = options[name];
    if (bound !== undefined && typeof bound !== 'string') throw invalid(name, 'a string', bound);
  }
  if (options.limit !== undefined) checkLimit(options.limit);
}

/** `limit` of a listing. Throws `ERR_INVALID_OPTION`. */
export function checkLimit(limit: number): void {
  if (limit !== Infinity && !isInteger(limit, 0, Number.MAX_SAFE_INTEGER))
    throw invalid('limit', 'a non-negative integer', limit);
}

/** What `acks` may be; whether there are as many members shows when it is used. Throws `ERR_INVALID_OPTION`. */
export function checkAcks(acks: unknown): void {
  if (acks === 'local' || acks === 'majority' || acks === 'all') return;
  if (!isInteger(acks, 1, limits.maxMembers))
    throw invalid('acks', "'local', 'majority', 'all' or a positive integer", acks);
}
