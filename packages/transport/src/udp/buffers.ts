import type { Socket } from 'node:dgram';
import type { Logger } from '../logger.ts';

const enoughBytes = 1_048_576;
const leastAskedBytes = 65_536;

/** Asks for buffers of `bytes`, then for half, while the system refuses; gives the receive buffer as read back. */
export function requestBuffers(socket: Socket, bytes: number): number {
  for (let asked = bytes; asked >= leastAskedBytes; asked = Math.floor(asked / 2)) {
    try {
      socket.setRecvBufferSize(asked);
      socket.setSendBufferSize(asked);
      break;
    } catch {
      // Linux gives silently what it allows; others refuse what they do not.
    }
  }
  return socket.getRecvBufferSize();
}

/** A small buffer drops bursts without a trace on either side, so a person is told how to enlarge it. */
export function warnOfSmallBuffer(gotBytes: number, askedBytes: number, logger: Logger): void {
  if (gotBytes >= enoughBytes || askedBytes < enoughBytes) return;
  const cure = `sysctl -w net.core.rmem_max=${String(askedBytes)} net.core.wmem_max=${String(askedBytes)}`;
  logger.warn({ gotBytes, askedBytes }, `The UDP receive buffer is small, so bursts get lost; as root: ${cure}`);
}
