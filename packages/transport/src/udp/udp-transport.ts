import type { Clock } from '../clock.ts';
import { datagramTransport } from '../datagram-transport.ts';
import type { TransportSettings } from '../endpoint/settings.ts';
import type { Random } from '../random.ts';
import type { Transport } from '../transport.ts';
import type { UdpSocketOptions } from './udp-socket.ts';
import { udpSocket } from './udp-socket.ts';

export interface UdpTransportOptions extends UdpSocketOptions {
  /** Largest datagram to other machines: 1,200 (default) passes everywhere, up to 1,452 on Ethernet. */
  readonly maxDatagramBytes?: number;
  /** The cluster's secret, or several while one takes the place of another; see `newSecret`. */
  readonly secret?: string | readonly string[];
  /** STUN servers to ask for the public address, `host:port`, such as one of your own; none by default. */
  readonly stun?: readonly string[];
  readonly clock?: Clock;
  readonly random?: Random;
  /** Any other number of the transport. */
  readonly settings?: Partial<TransportSettings>;
}

/** The Transport that nodes use unless they are given another: reliable messages over UDP. */
export function udpTransport(options: UdpTransportOptions = {}): Transport {
  const { clock, random, logger, maxDatagramBytes, secret, settings, stun } = options;
  return datagramTransport({
    socket: udpSocket(options),
    ...(clock && { clock }),
    ...(random && { random }),
    ...(logger && { logger }),
    ...(secret !== undefined && { secret }),
    ...(stun && { stun }),
    settings: { ...settings, ...(maxDatagramBytes !== undefined && { maxDatagramBytes }) },
  });
}
