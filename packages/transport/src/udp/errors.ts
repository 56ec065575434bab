/** Errors that a socket reports for one datagram or one peer: a lost packet, nothing more (RFC 8085 §5.2: ICMP is a hint). */
const lostPacketCodes: ReadonlySet<unknown> = new Set([
  'EAGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMSGSIZE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOBUFS',
  'EPERM',
]);

export function isLostPacket(error: Error): boolean {
  return 'code' in error && lostPacketCodes.has(error.code);
}
