import type { DatagramSocket } from './datagram-socket.ts';
import type { Logger } from './logger.ts';
import type { Transport } from './transport.ts';

/** Said once, when a transport without a secret listens where other machines reach it. */
export function warnOfOpenPort({ secure }: Pick<Transport, 'secure'>, socket: DatagramSocket, logger: Logger): void {
  if (secure || socket.isLoopback(socket.address)) return;
  const text = 'Whoever reaches this port can read and write everything: there is no secret, and nothing is encrypted';
  logger.warn({ address: socket.address }, text);
}
