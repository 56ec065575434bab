import type { Socket } from 'node:net';
import type { HostPort } from '@simpledht/transport';
import { formatHostPort } from '@simpledht/transport';
import { unmapped } from '@simpledht/transport/adapter';
import { protocolVersion, type Address } from '@simpledht/wire';
import { Connection } from '../core/connection.ts';
import { PartialBudget } from '../core/partial-messages.ts';
import type { TcpSettings } from '../core/settings.ts';
import type { Admission, Admitted } from './admission.ts';
import { Channel, type ChannelHost, type ChannelOptions } from './channel.ts';
import type { Counters } from './counters.ts';
import type { Dialer } from './dialer.ts';
import type { ConnectionRequest } from './connection-request.ts';

export interface ChannelsOptions {
  readonly settings: TcpSettings;
  readonly counters: Counters;
  readonly dialer: Dialer;
  readonly admission: Admission | undefined;
  /** Where peers can call this transport; 0: nowhere. */
  readonly port: number;
  readonly instance: Uint8Array;
}

/** Every channel whose socket is not closed. Bounded by `maxConnections` and by what is admitted. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #host: ChannelHost;
  readonly #budget: PartialBudget;
  readonly #all = new Set<Channel>();
  readonly #admitted = new Map<Channel, Admitted>();

  constructor(options: ChannelsOptions, host: ChannelHost) {
    this.#options = options;
    this.#host = host;
    this.#budget = new PartialBudget(options.settings.maxPartialBytesOfAll);
  }

  get all(): readonly Channel[] {
    return [...this.#all];
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  accept(socket: Socket, admitted: Admitted): Channel {
    this.#options.counters.accepts++;
    const channel = this.#add({ socket, connection: this.#connection(false), address: '' });
    this.#admitted.set(channel, admitted);
    return channel;
  }

  dial(target: HostPort & { readonly address: Address }): Channel {
    this.#options.counters.dials++;
    const connection = this.#connection(true);
    return this.#add({ ...this.#options.dialer.dial(target), connection, address: target.address });
  }

  /** It has said who it is; its addresses: where it says it listens, and where the connection comes from. */
  onProven(channel: Channel, port: number): { readonly claimed: Address; readonly source: Address } {
    const source = sourceOf(channel);
    const admitted = this.#admitted.get(channel);
    if (admitted === undefined) return { claimed: channel.address, source };
    this.#options.admission?.onProven(admitted);
    return { claimed: port === 0 ? source : formatHostPort(admitted.ip, port), source };
  }

  onClosed(channel: Channel): void {
    this.#all.delete(channel);
    this.#options.counters.disconnects++;
    const admitted = this.#admitted.get(channel);
    if (admitted !== undefined) this.#options.admission?.onGone(admitted);
    this.#admitted.delete(channel);
  }

  /**
   * Whether one more link may be; perhaps with one that has to end for it, the one not used for longest. Sockets that
   * have not said who they are do not count here: their listener bounds them.
   */
  room(): { readonly mayAdd: boolean; readonly quietest: Channel | undefined } {
    let links = 0;
    let quietest: Channel | undefined;
    for (const channel of this.#all) {
      const { connection } = channel;
      if (connection.isDown || (!connection.isUp && !connection.dialled)) continue;
      links++;
      if (connection.isQuiet && connection.usedMs < (quietest?.connection.usedMs ?? Infinity)) quietest = channel;
    }
    if (links < this.#options.settings.maxConnections) return { mayAdd: true, quietest: undefined };
    return { mayAdd: quietest !== undefined, quietest };
  }

  #add(options: ChannelOptions): Channel {
    const channel = new Channel(options, this.#host);
    this.#all.add(channel);
    return channel;
  }

  #connection(dialled: boolean): Connection<ConnectionRequest> {
    const { settings, counters, port, instance } = this.#options;
    const me = { versions: protocolVersion, clusterTag: settings.clusterTag, instance, port };
    return new Connection({ settings, counters, budget: this.#budget, me, dialled, nowMs: this.#host.nowMs() });
  }
}

/** The address that a connection comes from; nobody listens there. */
export function sourceOf({ socket: { remoteAddress = '', remotePort = 0 } }: Channel): Address {
  return formatHostPort(unmapped(remoteAddress), remotePort);
}
