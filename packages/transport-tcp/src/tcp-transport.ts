import {
  formatHostPort,
  silentLogger,
  systemClock,
  systemRandom,
  type Clock,
  type HostPort,
  type Logger,
  type Random,
  type RequestOptions,
  type Transport,
  type TransportHandlers,
} from '@simpledht/transport';
import { familyOf, machineAddresses, resolveName, tooLarge, transportClosed } from '@simpledht/transport/adapter';
import { SimpleDHTError, type Address } from '@simpledht/wire';
import { checkedSettings, type TcpSettings } from './core/settings.ts';
import { Counters } from './shell/counters.ts';
import { Dialer } from './shell/dialer.ts';
import { Endpoint } from './shell/endpoint.ts';
import { Listener } from './shell/listener.ts';
import type { TcpTlsOptions } from './shell/tls.ts';

export interface TcpTransportOptions {
  /** IP address or name to listen on; `0.0.0.0` (default) is all of IPv4, `::` all of IPv4 and IPv6. */
  readonly host?: string;
  /** 0 (default) takes a free one. */
  readonly port?: number;
  /** False only calls others, as a client does; they answer on the connections that it makes. Default true. */
  readonly listen?: boolean;
  /** Encrypts and authenticates, both sides by certificates. Without it whoever reads the traffic can change it. */
  readonly tls?: TcpTlsOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Any other number; the rest has its default. */
  readonly settings?: Partial<TcpSettings>;
}

/** A Transport over TCP, for networks that block UDP. All nodes of a cluster need the same transport. */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  return new TcpTransport(options);
}

class TcpTransport implements Transport {
  readonly maxDatagramBytes: number;
  readonly maxMessageBytes: number;
  readonly secure: boolean;
  readonly #options: TcpTransportOptions;
  readonly #host: string;
  readonly #settings: TcpSettings;
  readonly #counters = new Counters();
  #bound: HostPort | undefined;
  #listener: Listener | undefined;
  #endpoint: Endpoint | undefined;
  #opened = false;
  #closing: Promise<void> | undefined;

  constructor(options: TcpTransportOptions) {
    this.#options = options;
    this.#host = options.host ?? '0.0.0.0';
    this.#settings = checkedSettings(options.settings ?? {});
    this.maxDatagramBytes = this.#settings.maxDatagramBytes;
    this.maxMessageBytes = this.#settings.maxMessageBytes;
    this.secure = options.tls !== undefined;
  }

  async open(handlers: TransportHandlers): Promise<void> {
    if (this.#closing !== undefined) throw transportClosed();
    if (this.#opened) throw new SimpleDHTError('ERR_BIND_FAILED', 'The transport was opened before');
    this.#opened = true;
    const { listen = true } = this.#options;
    const listener = listen ? this.#makeListener() : undefined;
    this.#listener = listener;
    this.#bound = (await listener?.listen()) ?? { host: this.#host, port: 0 };
    if (this.#isClosing()) {
      await listener?.close();
      throw transportClosed();
    }
    this.#endpoint = this.#makeEndpoint(this.#bound, handlers);
  }

  get address(): Address {
    const { host, port } = this.#bound ?? { host: this.#host, port: this.#options.port ?? 0 };
    return formatHostPort(host, port);
  }

  get localAddresses(): readonly Address[] {
    const { host, port } = this.#bound ?? { host: this.#host, port: 0 };
    return isWildcard(host) ? machineAddresses(familyOf(host), port) : [this.address];
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counters.all();
  }

  resolve(name: string): Promise<readonly Address[]> {
    return resolveName(name, familyOf(this.#bound?.host ?? this.#host));
  }

  send(to: Address, payload: Uint8Array): void {
    if (payload.length > this.maxDatagramBytes) throw tooLarge(payload.length, this.maxDatagramBytes);
    if (this.#closing === undefined) this.#endpoint?.send(to, payload);
  }

  request(to: Address, payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    if (this.#closing !== undefined) return Promise.reject(transportClosed());
    if (this.#endpoint === undefined)
      return Promise.reject(new SimpleDHTError('ERR_NOT_STARTED', 'The transport is not open'));
    if (payload.length > this.maxMessageBytes) return Promise.reject(tooLarge(payload.length, this.maxMessageBytes));
    if (options.signal?.aborted === true) return Promise.reject(reasonOf(options.signal));
    return this.#endpoint.request(to, payload, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#endpoint?.close(), this.#listener?.close()]);
  }

  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  #makeListener(): Listener {
    const { port = 0, tls } = this.#options;
    return new Listener({
      host: this.#host,
      port,
      tls,
      settings: this.#settings,
      counters: this.#counters,
      onSocket: (socket, admitted) => {
        if (this.#endpoint === undefined) socket.destroy();
        else this.#endpoint.onSocket(socket, admitted);
      },
    });
  }

  #makeEndpoint({ host, port }: HostPort, handlers: TransportHandlers): Endpoint {
    const { tls, clock = systemClock, random = systemRandom, logger = silentLogger } = this.#options;
    const local = isWildcard(host) ? {} : { localAddress: host };
    return new Endpoint(
      {
        clock,
        random,
        logger,
        settings: this.#settings,
        counters: this.#counters,
        dialer: new Dialer({ family: familyOf(host), tls, ...local }),
        admission: this.#listener?.admission,
        port,
      },
      handlers,
    );
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
