import type { Store } from '@simpledht/storage';
import type { Clock, Logger, Random, Transport } from '@simpledht/transport';
import { limits, SimpleDHTError } from '@simpledht/wire';

/** Options of `new DHTNode` and `createNode`; every one has a default. */
export interface NodeOptions {
  /** Address to bind, `'0.0.0.0'` by default; `'::'` for IPv4 and IPv6 together. Not used with `transport`. */
  readonly host?: string;
  /** UDP port, 5000 by default; 0 lets the system choose. Not used with `transport`. */
  readonly port?: number;
  /** Members to join through, as `host:port` or `[::1]:5000`. Tried again for ever when they do not answer. */
  readonly bootstrap?: readonly string[];
  /** Where others reach this node, `host:port`, when they cannot see it themselves (port forwarding). */
  readonly advertise?: string;
  /** Largest encoded value of a local write, bytes: 1 MiB by default, 16 MiB at most. */
  readonly maxValueBytes?: number;
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
  if (advertise !== undefined && (typeof advertise !== 'string' || advertise === ''))
    throw invalid('advertise', 'a string such as 203.0.113.7:5000', advertise);
  if (maxValueBytes !== undefined && !isInteger(maxValueBytes, 1, limits.maxValueBytes))
    throw invalid('maxValueBytes', `an integer from 1 to ${String(limits.maxValueBytes)}`, maxValueBytes);
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
