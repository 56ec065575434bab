import { isIP, isIPv4, SocketAddress } from 'node:net';

/** Which addresses a socket can send to. */
export type IpFamily = 'ipv4' | 'ipv6' | 'dual';

const mappedPrefix = '::ffff:';

/** The one spelling of an IP address: as the system reports senders, mapped IPv4 without its prefix. */
export function normalIp(ip: string): string {
  if (isIPv4(ip) || ip.includes('%')) return ip;
  const { address } = new SocketAddress({ address: ip, family: 'ipv6' });
  return unmapped(address);
}

/** `::ffff:10.0.0.1`, as a dual-stack socket reports IPv4 senders, is `10.0.0.1`. */
export function unmapped(ip: string): string {
  return ip.startsWith(mappedPrefix) && ip.includes('.') ? ip.slice(mappedPrefix.length) : ip;
}

/** What to give the system to reach `ip` from a socket of that family. */
export function mapped(ip: string, family: IpFamily): string {
  return family === 'dual' && isIPv4(ip) ? mappedPrefix + ip : ip;
}

export function canReach(family: IpFamily, ip: string): boolean {
  if (family === 'dual') return isIP(ip.replace(/%.*/, '')) !== 0;
  return isIPv4(ip) === (family === 'ipv4');
}

export function isLoopbackIp(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** An unspecified address names no endpoint; sent to, it means this machine. */
export function specified(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  return ip === '::' ? '::1' : ip;
}
