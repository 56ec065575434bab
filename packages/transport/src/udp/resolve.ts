import { isIP } from 'node:net';
import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { HostPort } from '../address.ts';
import { formatHostPort, parseHostPort } from '../address.ts';
import type { IpFamily } from './ip.ts';
import { canReach, normalIp, specified } from './ip.ts';
import { systemResolver, type NameResolver } from './name-resolver.ts';

const familyNames: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6', dual: 'dual-stack' };
const versions = { ipv4: 4, ipv6: 6, dual: 0 } as const;

/** `_simpledht._udp.example.org`: a service, a protocol, a name (RFC 2782). It says hosts and ports by itself. */
const serviceName = /^_[^\s:[\]._]+\._(?:udp|tcp)\.[^\s:[\]]+$/;

/** Hosts of one service that are looked up; those beyond are the least preferred. */
const maxServices = 16;

/**
 * Addresses that a socket of `family` reaches, for a text that a person wrote: `host:port`, or the name of a service.
 * Rejects with `ERR_INVALID_ADDRESS`.
 */
export async function resolveName(
  text: string,
  family: IpFamily,
  resolver: NameResolver = systemResolver,
): Promise<readonly Address[]> {
  const places = serviceName.test(text) ? await servicesOf(text, resolver) : [parseHostPort(text)];
  if (places.some(({ port }) => port === 0)) throw invalid(`Port 0 names no endpoint: ${text}`);
  const answers = await Promise.allSettled(places.map((place) => addressesOf(place, family, resolver)));
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const [failure] = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [{ cause: answer.reason as unknown }] : [],
  );
  // Of several hosts one that is known is enough.
  if (failure !== undefined && found.length === 0) throw invalid(`Cannot resolve ${text}`, failure.cause);
  if (found.length === 0) throw invalid(`Cannot send to ${text} from an ${familyNames[family]} socket`);
  return [...new Set(found)];
}

async function servicesOf(text: string, resolver: NameResolver): Promise<readonly HostPort[]> {
  let places: readonly HostPort[];
  try {
    places = await resolver.services(text);
  } catch (cause) {
    throw invalid(`Cannot resolve ${text}`, cause);
  }
  // A record without a host says that the service is not there (RFC 2782).
  const offered = places.filter(({ host, port }) => host !== '' && host !== '.' && port > 0);
  if (offered.length === 0) throw invalid(`Cannot resolve ${text}`, new Error('the service is not offered'));
  return offered.slice(0, maxServices);
}

async function addressesOf({ host, port }: HostPort, family: IpFamily, resolver: NameResolver): Promise<Address[]> {
  const isNumeric = isIP(host.replace(/%.*/, '')) !== 0;
  const ips = isNumeric ? [host] : await resolver.addresses(host, versions[family]);
  const reachable = ips.map((ip) => specified(normalIp(ip))).filter((ip) => canReach(family, ip));
  return reachable.map((ip) => formatHostPort(ip, port));
}

function invalid(message: string, cause?: unknown): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_ADDRESS', message, cause === undefined ? undefined : { cause });
}
