import dns from 'node:dns/promises';
import type { HostPort } from '../address.ts';

/** Who is asked for names. Every answer is of the moment: nothing is kept here. */
export interface NameResolver {
  /** IP addresses of a host, of that IP version or (0) of both. Rejects when there are none. */
  addresses(host: string, version: 0 | 4 | 6): Promise<readonly string[]>;
  /** Where a service is offered (SRV records, RFC 2782), the preferred first. Rejects when there are no records. */
  services(name: string): Promise<readonly HostPort[]>;
}

/**
 * The system's resolver for addresses (A, AAAA, the hosts file), its DNS servers for services, or those that the program has
 * set (`dns.setServers`): that changes the functions of the module, so they are read at each call.
 */
export const systemResolver: NameResolver = {
  async addresses(host, version) {
    const found = await dns.lookup(host, { all: true, family: version });
    return found.map(({ address }) => address);
  },
  async services(name) {
    const records = await dns.resolveSrv(name);
    const preferred = records.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight);
    return preferred.map(({ name: host, port }) => ({ host, port }));
  },
};
