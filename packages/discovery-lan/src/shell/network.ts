import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { familyOf, normalIp, type IpFamily } from '@simpledht/transport/adapter';

/** As `networkInterfaces` of node:os tells them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** One interface as one kind of IP sees it: where to ask, what to say there, and whom to believe. */
export interface Network {
  /** Another one when the interface was made anew or has other addresses. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly type: 'udp4' | 'udp6';
  /** Names the interface to the system. */
  readonly interfaceAddress: string;
  /** Where this node is reached from there. */
  readonly addresses: readonly string[];
  /** The packet was not sent from elsewhere (RFC 6762 §11). */
  readonly isOnLink: (source: string) => boolean;
  /** An address of a neighbour that this node can dial, in its one spelling; nobody is sent anywhere else. */
  readonly neighbour: (ip: string) => string | undefined;
}

export interface Listening {
  /** IP address that the node is bound to; `0.0.0.0` and `::` are all. */
  readonly ip: string;
  /** Names of interfaces to use; all when absent. */
  readonly only?: readonly string[] | undefined;
}

/** Where a node that listens there can be found: loopback only when there is nothing else, or when it listens there alone. */
export function networksOf(interfaces: Interfaces, { ip, only }: Listening): readonly Network[] {
  const family = familyOf(ip);
  const isAll = ip === '0.0.0.0' || ip === '::';
  const named = Object.entries(interfaces).filter(([name]) => only?.includes(name) ?? true);
  const all = named.flatMap(([name, infos = []]) => networks(name, infos, { family, only: isAll ? undefined : ip }));
  const outside = all.filter(({ internal }) => !internal);
  return (outside.length > 0 ? outside : all).map(({ network }) => network);
}

interface Reach {
  readonly family: IpFamily;
  /** The one address that the node is bound to. */
  readonly only: string | undefined;
}

function networks(
  name: string,
  infos: readonly NetworkInterfaceInfo[],
  { family, only }: Reach,
): readonly { readonly network: Network; readonly internal: boolean }[] {
  const reached = infos.filter((info) => canReach(info, family) && (only === undefined || info.address === only));
  if (reached.length === 0) return [];
  const internal = infos.some((info) => info.internal);
  const addresses = reached.map(({ address }) => address);
  const key = infos.map(({ address, cidr, mac }) => `${address} ${String(cidr)} ${mac}`).join();
  const subnets = subnetsOf(infos);
  const shared = { name, addresses, neighbour: (ip: string) => neighbour(ip, subnets, family) };
  const first4 = infos.find((info) => info.family === 'IPv4');
  const local6 = infos.find((info) => info.family === 'IPv6' && isLinkLocal(info.address));
  const found: Network[] = [];
  if (first4 !== undefined)
    found.push({
      ...shared,
      key: `4 ${name} ${key}`,
      type: 'udp4',
      interfaceAddress: first4.address,
      isOnLink: (source) => isIPv4(source) && subnets.check(source, 'ipv4'),
    });
  // Whoever listens on IPv4 alone can dial nobody who is heard over IPv6 alone.
  if (local6 !== undefined && family !== 'ipv4')
    found.push({
      ...shared,
      key: `6 ${name} ${key}`,
      type: 'udp6',
      interfaceAddress: `::%${zoneOf(name, local6)}`,
      isOnLink: (source) => isLinkLocal(source) && source.endsWith(`%${zoneOf(name, local6)}`),
    });
  return found.map((network) => ({ network, internal }));
}

/** Link-local addresses mean nothing to who is told them by somebody else. */
function canReach({ family, address }: NetworkInterfaceInfo, reach: IpFamily): boolean {
  if (family === 'IPv4') return reach !== 'ipv6';
  return reach !== 'ipv4' && !isLinkLocal(address);
}

function subnetsOf(infos: readonly NetworkInterfaceInfo[]): BlockList {
  const subnets = new BlockList();
  for (const { cidr, family } of infos) {
    const [network, prefix] = cidr?.split('/') ?? [];
    if (network !== undefined && prefix !== undefined)
      subnets.addSubnet(network, Number(prefix), family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  return subnets;
}

function neighbour(ip: string, subnets: BlockList, family: IpFamily): string | undefined {
  if (isIPv4(ip)) return family !== 'ipv6' && subnets.check(ip, 'ipv4') ? ip : undefined;
  if (!isIPv6(ip) || ip.includes('%')) return undefined;
  const normal = normalIp(ip);
  const isNear = isIPv6(normal) && !isLinkLocal(normal) && subnets.check(normal, 'ipv6');
  return family !== 'ipv4' && isNear ? normal : undefined;
}

/** fe80::/10. */
function isLinkLocal(ip: string): boolean {
  return /^fe[89ab]/i.test(ip);
}

/** Windows names interfaces by number. */
function zoneOf(name: string, info: NetworkInterfaceInfo): string {
  return process.platform === 'win32' && info.family === 'IPv6' ? String(info.scopeid) : name;
}
