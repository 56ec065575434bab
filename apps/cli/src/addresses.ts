import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Addresses that mean nothing outside one machine or one network (IANA special-purpose registries, RFC 6890). */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6');

/** Host and port of `host:port` or `[v6]:port`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}

/** A name is taken to be public: somebody gave it to be found by. */
export function isPublic(host: string): boolean {
  if (isIPv4(host)) return !notPublic.check(host, 'ipv4');
  return !isIPv6(host) || !notPublic.check(host, 'ipv6');
}

/** A socket bound to it listens on every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
}

/** Another port to suggest. */
export function portBeside(port: number): number {
  return port < 65_535 ? port + 1 : port - 1;
}

/** What can honestly be said of a node's public IP. */
export function publicIpLine(address: string | undefined): string {
  if (address === undefined) return 'not known yet (a peer on another network will tell)';
  const { host } = splitAddress(address);
  return isPublic(host) ? host : `not known yet (peers on this network see ${address})`;
}
