import {
  systemClock,
  systemRandom,
  type Announcement,
  type Clock,
  type Discovery,
  type DiscoveryHandlers,
  type Random,
} from '@simpledht/transport';
import { checkedSettings, type LanSettings } from './core/settings.ts';
import { thisMachine, type Machine } from './shell/machine.ts';
import { Search } from './shell/search.ts';

export interface LanDiscoveryOptions {
  /** Names of the network interfaces to use, such as `['eth0']`. Default: all but loopback, or loopback when it is alone. */
  readonly interfaces?: readonly string[];
  /** What the nodes talk over; those of the other kind are not found. Default `'udp'`. */
  readonly protocol?: 'udp' | 'tcp';
  /** Any other number; the rest has its default. */
  readonly settings?: Partial<LanSettings>;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Finds the nodes of the same cluster on the local network, by multicast DNS: give it to a node as `discovery`. Best effort:
 * without a network, in a container, while interfaces come and go, it finds nobody and fails nothing. Throws
 * `ERR_INVALID_OPTION`.
 */
export function lanDiscovery(options: LanDiscoveryOptions = {}): Discovery {
  return new LanDiscovery(options, thisMachine);
}

/** Use `lanDiscovery`. */
export class LanDiscovery implements Discovery {
  readonly #options: LanDiscoveryOptions;
  readonly #settings: LanSettings;
  readonly #machine: Machine;
  #search: Search | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: LanDiscoveryOptions, machine: Machine) {
    this.#options = options;
    this.#settings = checkedSettings(options.settings ?? {});
    this.#machine = machine;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#search?.counters.all() ?? {};
  }

  start(announcement: Announcement, handlers: DiscoveryHandlers): void {
    if (this.#search !== undefined || this.#stopping !== undefined) return;
    const { clock = systemClock, random = systemRandom, interfaces, protocol = 'udp' } = this.#options;
    this.#search = new Search({
      announcement,
      handlers,
      clock,
      random,
      only: interfaces,
      service: `_simpledht._${protocol}.local`,
      settings: this.#settings,
      machine: this.#machine,
    });
    this.#search.start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#search?.stop() ?? Promise.resolve();
    return this.#stopping;
  }
}
