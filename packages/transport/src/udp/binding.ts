import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { HostPort } from '../address.ts';
import { formatHostPort } from '../address.ts';
import type { IpFamily } from './ip.ts';

/** Which addresses a socket that is bound to `ip` can send to. */
export function familyOf(ip: string): IpFamily {
  if (!ip.includes(':')) return 'ipv4';
  return ip === '::' ? 'dual' : 'ipv6';
}

/** The IP address to bind; a host name is looked up once, here. Rejects with `ERR_BIND_FAILED`. */
export async function bindIp({ host, port }: HostPort): Promise<string> {
  if (isIP(host.replace(/%.*/, '')) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw bindError(error, { host, port });
  }
}

/** What `open` rejects with when the system refuses to bind. */
export function bindError(cause: unknown, { host, port }: HostPort): SimpleDHTError {
  const where = formatHostPort(host, port);
  const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  if (inUse) return new SimpleDHTError('ERR_ADDRESS_IN_USE', `Address already in use: ${where}`, { cause });
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SimpleDHTError('ERR_BIND_FAILED', `Cannot bind ${where}: ${text}`, { cause });
}

/** Addresses of this machine that reach a socket bound to all of `family`. */
export function machineAddresses(family: IpFamily, port: number): readonly Address[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return interfaces
    .filter((one) => (one.family === 'IPv4' ? family !== 'ipv6' : isFor6(family, one.scopeid)))
    .map(({ address }) => formatHostPort(address, port));
}

/** Link-local addresses mean nothing without an interface, so they are not told. */
function isFor6(family: IpFamily, scopeId: number | undefined): boolean {
  return family !== 'ipv4' && (scopeId ?? 0) === 0;
}
