import type { RemoteInfo, Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { Address } from '@simpledht/wire';
import { formatHostPort } from '../address.ts';
import type { DatagramHandlers, DatagramSocket } from '../datagram-socket.ts';
import type { Logger } from '../logger.ts';
import { silentLogger } from '../logger.ts';
import { AddressCache } from './address-cache.ts';
import { bindError, bindIp, familyOf, machineAddresses } from './binding.ts';
import { isLostPacket } from './errors.ts';
import { requestBuffers, warnOfSmallBuffer } from './buffers.ts';
import type { IpFamily } from './ip.ts';
import { isLoopbackIp, unmapped } from './ip.ts';
import type { NameResolver } from './name-resolver.ts';
import { resolveName } from './resolve.ts';

export interface UdpSocketOptions {
  /** IP address or name to bind; `0.0.0.0` (default) is all of IPv4, `::` all of IPv4 and IPv6. */
  readonly host?: string;
  /** 0 (default) takes a free one. */
  readonly port?: number;
  /** Socket buffers to ask the system for; it may give less. Default 4 MiB. */
  readonly receiveBufferBytes?: number;
  readonly logger?: Logger;
  /** Who is asked for names. Default: the system. */
  readonly resolver?: NameResolver;
}

const defaultBufferBytes = 4_194_304;

/** A DatagramSocket over node:dgram. */
export function udpSocket(options: UdpSocketOptions = {}): DatagramSocket {
  return new UdpSocket(options);
}

/** Addresses are resolved before they get here, so the look-up that node:dgram does per datagram may be synchronous: 10–16 % faster. */
function noLookup(
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(':') ? 6 : 4);
}

class UdpSocket implements DatagramSocket {
  readonly #host: string;
  readonly #port: number;
  readonly #bufferBytes: number;
  readonly #logger: Logger;
  readonly #resolver: NameResolver | undefined;
  readonly #addresses: AddressCache = new AddressCache();
  readonly counters: Record<string, number> = { sendErrors: 0, datagramsTooLarge: 0, socketErrors: 0 };
  #family: IpFamily;
  #socket: Socket | undefined;
  #address: Address | undefined;
  #receiveBufferBytes = 0;
  #closing: Promise<void> | undefined;

  constructor(options: UdpSocketOptions) {
    this.#host = options.host ?? '0.0.0.0';
    this.#port = options.port ?? 0;
    this.#bufferBytes = options.receiveBufferBytes ?? defaultBufferBytes;
    this.#logger = options.logger ?? silentLogger;
    this.#resolver = options.resolver;
    this.#family = familyOf(this.#host);
  }

  async bind(handlers: DatagramHandlers): Promise<void> {
    const wanted = { host: this.#host, port: this.#port };
    const ip = await bindIp(wanted);
    this.#family = familyOf(ip);
    if (this.#closing !== undefined) throw bindError(new Error('closed before it was bound'), wanted);
    // No reuseAddr: a port in use has to be an error.
    const type = this.#family === 'ipv4' ? 'udp4' : 'udp6';
    const socket = createSocket({ type, lookup: noLookup, ipv6Only: this.#family === 'ipv6' });
    this.#socket = socket;
    try {
      await bound(socket, this.#port, ip);
    } catch (error) {
      await this.close();
      throw bindError(error, wanted);
    }
    this.#onBound(socket, handlers);
  }

  get address(): Address {
    return this.#address ?? formatHostPort(this.#host, this.#port);
  }

  get localAddresses(): readonly Address[] {
    const bound = this.#socket?.address();
    if (bound === undefined || !['0.0.0.0', '::'].includes(bound.address)) return [this.address];
    return machineAddresses(this.#family, bound.port);
  }

  get receiveBufferBytes(): number {
    return this.#receiveBufferBytes;
  }

  resolve(name: string): Promise<readonly Address[]> {
    return resolveName(name, this.#family, this.#resolver);
  }

  send(datagram: Uint8Array, to: Address): void {
    const target = this.#addresses.target(to, this.#family);
    if (target === undefined) {
      this.#count('sendErrors');
      return;
    }
    try {
      this.#socket?.send(datagram, target.port, target.host, this.#onSent);
    } catch {
      // Closed, or an address that only the system finds wrong: a lost packet, as the port says.
      this.#count('sendErrors');
    }
  }

  isLoopback(address: Address): boolean {
    const target = this.#addresses.target(address, this.#family);
    return target !== undefined && isLoopbackIp(unmapped(target.host));
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const socket = this.#socket;
      this.#socket = undefined;
      if (socket === undefined) resolve();
      else socket.removeAllListeners('message').close(resolve);
    });
    return this.#closing;
  }

  readonly #onSent = (error: Error | null): void => {
    if (error === null) return;
    const tooLarge = 'code' in error && error.code === 'EMSGSIZE';
    this.#count(tooLarge ? 'datagramsTooLarge' : 'sendErrors');
  };

  #onBound(socket: Socket, handlers: DatagramHandlers): void {
    const { address, port } = socket.address();
    this.#address = formatHostPort(address, port);
    this.#receiveBufferBytes = requestBuffers(socket, this.#bufferBytes);
    warnOfSmallBuffer(this.#receiveBufferBytes, this.#bufferBytes, this.#logger);
    socket.on('error', (error) => {
      this.#count('socketErrors');
      if (!isLostPacket(error)) handlers.onError(error);
    });
    socket.on('message', (buffer: Uint8Array, remote: RemoteInfo) => {
      // Not a Buffer: the slice of one shares its bytes, which whoever reads `Uint8Array` does not expect.
      const datagram = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      handlers.onDatagram(datagram, this.#addresses.sender(remote));
    });
  }

  #count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }
}

/** Its `error` listener stays: a second error of a failed bind must not end the process. */
function bound(socket: Socket, port: number, ip: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.bind({ port, address: ip, exclusive: true }, resolve);
  });
}
