import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Addresses that a router has only behind another one (RFC 1918, RFC 6598, RFC 3927, RFC 4193), or that are none. */
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

/** An address that can be reached from anywhere. */
export function isPublic(ip: string): boolean {
  if (isIPv4(ip)) return !notPublic.check(ip, 'ipv4');
  return isIPv6(ip) && !notPublic.check(ip, 'ipv6');
}

/** Which address of this machine the system would send from: connecting a UDP socket sends nothing. */
export async function localAddressTowards(host: string): Promise<string> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).once('connect', resolve).connect(9, host);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** The router that a Linux system sends to by default; `undefined` where that cannot be read. */
export async function defaultGateway(path: string = '/proc/net/route'): Promise<string | undefined> {
  const table = await readFile(path, 'latin1').catch(() => '');
  for (const line of table.split('\n').slice(1)) {
    const [, destination, gateway = ''] = line.split('\t');
    // In hex, in the byte order of the machine: little-endian wherever Node.js runs but on s390x.
    if (destination !== '00000000' || gateway === '00000000' || !/^[0-9A-F]{8}$/i.test(gateway)) continue;
    return [6, 4, 2, 0].map((at) => String(parseInt(gateway.slice(at, at + 2), 16))).join('.');
  }
  return undefined;
}
