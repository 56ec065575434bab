import type { Address, VersionRange } from '@simpledht/wire';
import { datagramFrameBytes, packetHeaderBytes, protocolVersion, SimpleDHTError } from '@simpledht/wire';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { DatagramSocket } from './datagram-socket.ts';
import { Endpoint } from './endpoint/endpoint.ts';
import { tooLarge, transportClosed } from './endpoint/errors.ts';
import type { TransportSettings } from './endpoint/settings.ts';
import { defaultTransportSettings, leastDatagramBytes } from './endpoint/settings.ts';
import type { Logger } from './logger.ts';
import { silentLogger } from './logger.ts';
import { warnOfOpenPort } from './open-port.ts';
import type { ClusterKey } from './sealing/keyring.ts';
import { parseKeyring } from './sealing/keyring.ts';
import type { Random } from './random.ts';
import { PublicAddress } from './stun/public-address.ts';
import { systemRandom } from './system-random.ts';
import type { RequestOptions, Transport, TransportHandlers } from './transport.ts';

export interface DatagramTransportOptions {
  readonly socket: DatagramSocket;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /**
   * The cluster's secret (`newSecret`): only who has it too can make a link, and links are encrypted. Several while one
   * takes the place of another: the first is dialled with, all are taken.
   */
  readonly secret?: string | readonly string[];
  /** STUN servers to ask for the public address, `host:port`; none by default, and then nobody is asked. */
  readonly stun?: readonly string[];
  /** Any of `TransportSettings`; the rest has its default. */
  readonly settings?: Partial<TransportSettings>;
  /** Versions of the protocol to offer. Default: what this package speaks; others are for trying clusters of mixed ones. */
  readonly versions?: VersionRange;
}

/** Tag of an authenticated packet: room is kept for it, so that a secret changes no size. */
const maxTagBytes = 16;

/** A Transport over any socket that carries datagrams: links, handshake, requests. */
export function datagramTransport(options: DatagramTransportOptions): Transport {
  return new DatagramTransport(options);
}

class DatagramTransport implements Transport {
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #settings: TransportSettings;
  readonly maxDatagramBytes: number;
  readonly #keyring: readonly ClusterKey[] | undefined;
  readonly #versions: VersionRange;
  readonly #stun: PublicAddress | undefined;
  #endpoint: Endpoint | undefined;
  #opened = false;
  #closing: Promise<void> | undefined;

  constructor(options: DatagramTransportOptions) {
    this.#socket = options.socket;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = options.logger ?? silentLogger;
    this.#settings = checked({ ...defaultTransportSettings, ...options.settings });
    this.#versions = options.versions ?? protocolVersion;
    this.#keyring = options.secret === undefined ? undefined : parseKeyring(options.secret);
    if (options.stun !== undefined && options.stun.length > 0)
      this.#stun = new PublicAddress(
        { servers: options.stun },
        { socket: this.#socket, clock: this.#clock, random: this.#random, logger: this.#logger },
      );
    const roomBytes = this.#settings.maxDatagramBytes - packetHeaderBytes - maxTagBytes;
    this.maxDatagramBytes = roomBytes - (datagramFrameBytes(roomBytes) - roomBytes);
  }

  async open(handlers: TransportHandlers): Promise<void> {
    if (this.#opened) throw new SimpleDHTError('ERR_BIND_FAILED', 'The transport was opened before');
    this.#opened = true;
    const parts = {
      socket: this.#socket,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      settings: this.#settings,
      keyring: this.#keyring,
      versions: this.#versions,
    };
    const endpoint = new Endpoint(parts, handlers);
    await this.#socket.bind({
      onDatagram: (datagram, from) => {
        if (this.#stun?.takes(datagram, from) !== true) endpoint.onDatagram(datagram, from);
      },
      onError: (error) => {
        endpoint.onSocketError(error);
      },
    });
    this.#endpoint = endpoint;
    this.#stun?.start((event) => {
      endpoint.owner.event(event);
    });
    warnOfOpenPort(this, this.#socket, this.#logger);
  }

  get address(): Address {
    return this.#socket.address;
  }

  get localAddresses(): readonly Address[] {
    return this.#socket.localAddresses;
  }

  get secure(): boolean {
    return this.#keyring !== undefined;
  }

  get maxMessageBytes(): number {
    return this.#settings.maxMessageBytes;
  }

  get counters(): Readonly<Record<string, number>> {
    const endpoint = this.#endpoint;
    return {
      ...this.#socket.counters,
      ...endpoint?.linkCounters,
      ...endpoint?.counters.all(),
      ...this.#stun?.counters,
    };
  }

  resolve(name: string): Promise<readonly Address[]> {
    return this.#socket.resolve(name);
  }

  send(to: Address, payload: Uint8Array): void {
    if (payload.length > this.maxDatagramBytes) throw tooLarge(payload.length, this.maxDatagramBytes);
    if (this.#closing === undefined) this.#endpoint?.send(to, payload);
  }

  request(to: Address, payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    if (this.#closing !== undefined) return Promise.reject(transportClosed());
    if (this.#endpoint === undefined) return Promise.reject(notOpen());
    if (payload.length > this.maxMessageBytes) {
      return Promise.reject(tooLarge(payload.length, this.maxMessageBytes));
    }
    if (options.signal?.aborted === true) return Promise.reject(reasonOf(options.signal));
    return this.#endpoint.request(to, payload, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stun?.close();
    this.#endpoint?.close();
    await this.#socket.close();
  }
}

function checked(settings: TransportSettings): TransportSettings {
  for (const name of ['maxDatagramBytes', 'loopbackDatagramBytes'] as const) {
    const bytes = settings[name];
    if (Number.isInteger(bytes) && bytes >= leastDatagramBytes && bytes <= 65_507) continue;
    const text = `${name} must be a whole number from ${String(leastDatagramBytes)} to 65507, not ${String(bytes)}`;
    throw new SimpleDHTError('ERR_INVALID_OPTION', text);
  }
  return settings;
}

function notOpen(): SimpleDHTError {
  return new SimpleDHTError('ERR_NOT_STARTED', 'The transport is not open');
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
