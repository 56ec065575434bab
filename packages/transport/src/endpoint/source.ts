import type { Address } from '@simpledht/wire';

/*
 * Who sends, as far as an address says. Addresses are compared as text, in the one spelling that the socket gives them
 * (RFC 5952), so that nothing has to be parsed for a packet that is about to be dropped.
 */

const groupsOfNetwork = 4;
const groupsOfAddress = 8;

/** The network that a packet comes from: /24 of IPv4, /64 of IPv6, which is what one customer of a provider has. */
export function networkOf(address: Address): string {
  if (address.startsWith('[')) return network6(address);
  // Without a dot it is no IPv4 address (other networks may name their peers as they like): all of it.
  const dot = address.lastIndexOf('.');
  return dot < 0 ? hostOf(address) : address.slice(0, dot);
}

/** The host that a packet comes from: all of an IPv4 address; of IPv6 the /64, of which one host has every address. */
export function hostOf(address: Address): string {
  return address.startsWith('[') ? network6(address) : address.slice(0, address.lastIndexOf(':'));
}

/** Only processes of this machine send from there: no system routes such addresses to or from outside. */
export function isOnLoopback(address: Address): boolean {
  return address.startsWith('127.') || address.startsWith('[::1]');
}

function network6(address: Address): string {
  const ip = address.slice(1, address.search(/[%\]]/));
  const [head = '', tail] = ip.split('::');
  const groups = groupsOf(head);
  if (tail !== undefined) {
    const last = groupsOf(tail);
    // `::ffff:10.0.0.1` ends in an IPv4 address, which is two groups.
    const tailGroups = last.length + (tail.includes('.') ? 1 : 0);
    for (let missing = groupsOfAddress - groups.length - tailGroups; missing > 0; missing--) groups.push('0');
    groups.push(...last);
  }
  return groups.slice(0, groupsOfNetwork).join(':');
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
