import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { bindError, bindIp, familyOf, unmapped } from '@simpledht/transport/adapter';
import type { HostPort } from '@simpledht/transport';
import type { TcpSettings } from '../core/settings.ts';
import { Admission, type Admitted } from './admission.ts';
import type { Counters } from './counters.ts';
import { hasName, tlsServer, type TcpTlsOptions } from './tls.ts';

export interface ListenerOptions extends HostPort {
  readonly settings: TcpSettings;
  readonly counters: Counters;
  readonly tls: TcpTlsOptions | undefined;
  readonly onSocket: (socket: Socket, admitted: Admitted) => void;
}

/** Accepts sockets, as many as the bounds allow, and gives those on that are ready to be written to. */
export class Listener {
  readonly admission: Admission;
  readonly #options: ListenerOptions;
  readonly #server: Server = createServer();
  readonly #tls: TlsServer | undefined;
  /** Sockets in their TLS handshake, by address and port of the peer. */
  readonly #securing = new Map<string, Admitted>();
  readonly #raw = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.admission = new Admission(options.settings);
    this.#tls = options.tls === undefined ? undefined : this.#tlsServer(options.tls);
  }

  /** Rejects with `ERR_ADDRESS_IN_USE` or `ERR_BIND_FAILED`. */
  async listen(): Promise<HostPort> {
    const { host, port } = this.#options;
    const ip = await bindIp({ host, port });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(bindError(error, { host, port }));
      });
      this.#server.listen({ host: ip, port, exclusive: true, ipv6Only: familyOf(ip) === 'ipv6' }, resolve);
    });
    this.#server.removeAllListeners('error');
    // Such as too many open files: the connection is not made, and the next may be.
    this.#server.on('error', () => this.#options.counters.socketErrors++);
    this.#server.on('connection', (socket) => {
      this.#onConnection(socket);
    });
    const bound = this.#server.address();
    if (typeof bound !== 'object' || bound === null) throw bindError(new Error('closed meanwhile'), { host, port });
    return { host: bound.address, port: bound.port };
  }

  /** Frees the port; sockets that were given on are not closed. */
  async close(): Promise<void> {
    for (const socket of this.#raw) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #onConnection(socket: Socket): void {
    const { counters, onSocket } = this.#options;
    const { remoteAddress } = socket;
    const admitted = remoteAddress === undefined ? 'source' : this.admission.admit(unmapped(remoteAddress));
    if (typeof admitted === 'string') {
      counters.drop(admitted);
      socket.on('error', () => undefined).destroy();
      return;
    }
    socket.once('close', () => {
      this.admission.onGone(admitted);
    });
    if (this.#tls === undefined) onSocket(socket, admitted);
    else this.#secure(socket, admitted, this.#tls);
  }

  #secure(socket: Socket, admitted: Admitted, tls: TlsServer): void {
    const name = nameOf(socket);
    this.#securing.set(name, admitted);
    this.#raw.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#raw.delete(socket);
      if (this.#securing.delete(name)) this.#options.counters.drop('tls');
    });
    tls.emit('connection', socket);
  }

  #tlsServer(options: TcpTlsOptions): TlsServer {
    const server = tlsServer(options, this.#options.settings.helloTimeoutMs);
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('secureConnection', (socket) => {
      const admitted = this.#securing.get(nameOf(socket));
      if (admitted === undefined || !hasName(socket, options)) {
        socket.on('error', () => undefined).destroy();
        return;
      }
      this.#securing.delete(nameOf(socket));
      socket.once('close', () => {
        this.admission.onGone(admitted);
      });
      this.#options.onSocket(socket, admitted);
    });
    return server;
  }
}

function nameOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${String(remotePort)}`;
}
