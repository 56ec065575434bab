import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import { formatHostPort, parseHostPort } from '../address.ts';
import type { IpFamily } from './ip.ts';
import { canReach, normalIp, specified } from './ip.ts';

const familyNames: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6', dual: 'dual-stack' };

/** Addresses that a socket of `family` reaches, for a text that a person wrote. Rejects with `ERR_INVALID_ADDRESS`. */
export async function resolveName(text: string, family: IpFamily): Promise<readonly Address[]> {
  const { host, port } = parseHostPort(text);
  if (port === 0) throw invalid(`Port 0 names no endpoint: ${text}`);
  const found = isIP(host.replace(/%.*/, '')) === 0 ? await lookUp(text, host, family) : [host];
  const reachable = found.map((ip) => specified(normalIp(ip))).filter((ip) => canReach(family, ip));
  if (reachable.length === 0) {
    throw invalid(`Cannot send to ${text} from an ${familyNames[family]} socket`);
  }
  return [...new Set(reachable)].map((ip) => formatHostPort(ip, port));
}

async function lookUp(text: string, host: string, family: IpFamily): Promise<readonly string[]> {
  const families = { ipv4: 4, ipv6: 6, dual: 0 } as const;
  try {
    const found = await lookup(host, { all: true, family: families[family] });
    return found.map(({ address }) => address);
  } catch (cause) {
    throw invalid(`Cannot resolve ${text}`, cause);
  }
}

function invalid(message: string, cause?: unknown): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_ADDRESS', message, cause === undefined ? undefined : { cause });
}
