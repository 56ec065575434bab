import { connect, isIP, type Socket } from 'node:net';
import { formatHostPort, parseHostPort, type HostPort } from '@simpledht/transport';
import { canReach, normalIp, type IpFamily } from '@simpledht/transport/adapter';
import type { Address } from '@simpledht/wire';
import { tlsConnect, type TcpTlsOptions } from './tls.ts';

export interface DialerOptions {
  readonly family: IpFamily;
  /** The address that peers are to see; absent when this transport listens on all of them. */
  readonly localAddress?: string;
  readonly tls: TcpTlsOptions | undefined;
}

/** Makes the sockets of this side's calls. */
export class Dialer {
  readonly #options: DialerOptions;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** Where an address leads, in the one spelling; `undefined` when it is none, or cannot be reached from here. */
  target(address: Address): (HostPort & { readonly address: Address }) | undefined {
    try {
      const { host, port } = parseHostPort(address);
      if (port === 0 || isIP(host.replace(/%.*/, '')) === 0) return undefined;
      const ip = normalIp(host);
      return canReach(this.#options.family, ip) ? { host: ip, port, address: formatHostPort(ip, port) } : undefined;
    } catch {
      return undefined;
    }
  }

  dial({ host, port }: HostPort): { readonly socket: Socket; readonly connectEvent: 'connect' | 'secureConnect' } {
    const { localAddress, tls } = this.#options;
    const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
    if (tls === undefined) return { socket, connectEvent: 'connect' };
    return { socket: tlsConnect(socket, tls), connectEvent: 'secureConnect' };
  }
}
