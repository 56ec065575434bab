import { formatHostPort, type Announcement, type Found } from '@simpledht/transport';
import { Acquaintances } from '../core/acquaintances.ts';
import { RateLimit, SourceLimits } from '../core/rate-limit.ts';
import { readAnnouncements, type Announced, type ServiceName } from '../core/records.ts';
import type { LanSettings } from '../core/settings.ts';
import type { Counters } from './counters.ts';
import type { Network } from './network.ts';

export interface ListenerOptions {
  readonly settings: LanSettings;
  readonly counters: Counters;
  readonly service: ServiceName;
  readonly self: Pick<Announcement, 'id' | 'tags'>;
  readonly onFound: (found: Found) => void;
}

/** Judges what comes from the network: whether it is read, and who is told. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #ofAll: RateLimit;
  readonly #bySource: SourceLimits;
  readonly #offers: RateLimit;
  readonly #acquaintances: Acquaintances;

  constructor(options: ListenerOptions) {
    const { packetsOfAll, packetsPerSource, offersPerSecond, maxSources } = options.settings;
    this.#options = options;
    this.#ofAll = new RateLimit({ perSecond: packetsOfAll, burst: 2 * packetsOfAll });
    this.#bySource = new SourceLimits({ perSecond: packetsPerSource, burst: 2 * packetsPerSource, maxSources });
    this.#offers = new RateLimit({ perSecond: offersPerSecond, burst: 4 * offersPerSecond });
    this.#acquaintances = new Acquaintances(options.settings);
  }

  /** Before it is decoded: neither too long, nor from elsewhere, nor too much. */
  admit(network: Network, packet: { readonly bytes: number; readonly source: string }, nowMs: number): boolean {
    const { counters, settings } = this.#options;
    const { bytes, source } = packet;
    if (bytes > settings.maxPacketBytes) counters.add('dropped.tooLong');
    else if (!network.isOnLink(source)) counters.add('dropped.notNear');
    else if (!this.#bySource.take(source, nowMs)) counters.add('dropped.sourceRate');
    else if (!this.#ofAll.take(nowMs)) counters.add('dropped.rate');
    else {
      counters.add('packetsRead');
      return true;
    }
    return false;
  }

  response(network: Network, packet: unknown, nowMs: number): void {
    const { service, settings, counters } = this.#options;
    const { announced, malformed } = readAnnouncements(service, packet, settings.maxPerPacket);
    counters.add('dropped.malformed', malformed);
    counters.add('announcementsRead', announced.length);
    for (const one of announced) this.#hear(network, one, nowMs);
  }

  #hear(network: Network, { id, tags, port, addresses, ttlMs }: Announced, nowMs: number): void {
    const { self, counters } = this.#options;
    if (id === self.id) counters.add('dropped.own');
    else if (!tags.some((tag) => self.tags.includes(tag))) counters.add('dropped.otherCluster');
    else {
      const near = addresses.flatMap((ip) => network.neighbour(ip) ?? []);
      counters.add('dropped.notNear', addresses.length - near.length);
      if (near.length === 0 && ttlMs > 0) return;
      const evicted = this.#acquaintances.evicted;
      const heard = { addresses: near.map((ip) => formatHostPort(ip, port)), ttlMs };
      const address = this.#acquaintances.hear(id, heard, nowMs);
      counters.add('dropped.forgotten', this.#acquaintances.evicted - evicted);
      if (address !== undefined) this.#offer({ id, address }, nowMs);
    }
  }

  #offer(found: Found, nowMs: number): void {
    const { counters, onFound } = this.#options;
    if (!this.#offers.take(nowMs)) {
      counters.add('dropped.offerRate');
      return;
    }
    counters.add('found');
    try {
      onFound(found);
    } catch {
      counters.add('handlerErrors');
    }
  }
}
