import multicastDns, { type MulticastDns } from 'multicast-dns';
import { asError, Gate, type MulticastSocket } from './gate.ts';
import type { Network } from './network.ts';

/** RFC 6762 §3. */
const groups = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const;
const everyAddress = { udp4: '0.0.0.0', udp6: '::' } as const;

export interface SegmentOptions {
  readonly network: Network;
  readonly port: number;
  readonly createSocket: (type: Network['type']) => MulticastSocket;
  readonly admit: (bytes: number, source: string) => boolean;
  readonly onReady: () => void;
  readonly onPacket: (kind: 'query' | 'response', packet: unknown) => void;
  /** Bytes that are no packet. */
  readonly onMalformed: () => void;
  /** It is of no use any more. Once; it is still to be closed. */
  readonly onFailed: (error: Error) => void;
}

/** Multicast DNS on one interface. Whatever goes wrong ends it with `onFailed`, and nothing is thrown. */
export class Segment {
  readonly network: Network;
  readonly #options: SegmentOptions;
  readonly #dns: MulticastDns | undefined;
  #state: 'opening' | 'open' | 'failed' | 'over' = 'opening';

  constructor(options: SegmentOptions) {
    this.network = options.network;
    this.#options = options;
    this.#dns = this.#open();
  }

  /** Settles when the packet has left, or never will. */
  say(kind: 'query' | 'response', packet: object): Promise<void> {
    const dns = this.#dns;
    if (this.#state !== 'open' || dns === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const sent = (error?: unknown): void => {
        if (error !== undefined && error !== null) this.#fail(error);
        resolve();
      };
      try {
        if (kind === 'query') dns.query(packet, sent);
        else dns.respond(packet, sent);
      } catch (error) {
        sent(error);
      }
    });
  }

  close(): Promise<void> {
    this.#state = 'over';
    const dns = this.#dns;
    if (dns === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      dns.destroy(resolve);
    });
  }

  #open(): MulticastDns | undefined {
    const { network, port, createSocket, admit, onMalformed } = this.#options;
    const { type, interfaceAddress } = network;
    try {
      const group = groups[type];
      const onError = (error: Error): void => {
        this.#fail(error);
      };
      const socket = new Gate(createSocket(type), { admit, group, interfaceAddress, onError });
      const dns = multicastDns({
        port,
        type,
        socket,
        ip: type === 'udp4' ? group : `${group}${interfaceAddress.slice(interfaceAddress.indexOf('%'))}`,
        interface: interfaceAddress,
        // Bound to the address of the interface it would hear no multicast.
        bind: everyAddress[type],
        multicast: false,
      });
      dns.on('error', onError);
      // Errors of the socket do not come this way.
      dns.on('warning', onMalformed);
      return this.#listen(dns);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #listen(dns: MulticastDns): MulticastDns {
    dns.on('ready', () => {
      if (this.#state !== 'opening') return;
      this.#state = 'open';
      this.#options.onReady();
    });
    for (const kind of ['query', 'response'] as const)
      dns.on(kind, (packet) => {
        if (this.#state === 'open') this.#options.onPacket(kind, packet);
      });
    return dns;
  }

  #fail(error: unknown): void {
    if (this.#state === 'over' || this.#state === 'failed') return;
    this.#state = 'failed';
    // It may fail while it is made: the owner hears of it when it has the segment.
    queueMicrotask(() => {
      if (this.#state === 'failed') this.#options.onFailed(asError(error));
    });
  }
}
