import { SimpleDHTError } from '@simpledht/wire';
import type { LanSettings } from '../core/settings.ts';
import type { Counters } from './counters.ts';
import { asError, type MulticastSocket } from './gate.ts';
import { networksOf, type Interfaces, type Listening, type Network } from './network.ts';
import { Segment } from './segment.ts';

export interface SegmentsOptions {
  readonly settings: LanSettings;
  readonly counters: Counters;
  readonly listening: Listening;
  readonly interfaces: () => Interfaces;
  readonly createSocket: (type: Network['type']) => MulticastSocket;
  readonly admit: (network: Network, packet: { readonly bytes: number; readonly source: string }) => boolean;
  readonly onUp: (segment: Segment) => void;
  readonly onDown: (segment: Segment) => void;
  readonly onPacket: (segment: Segment, kind: 'query' | 'response', packet: unknown) => void;
  /** Each trouble of each interface once, until it works again. */
  readonly onError: (error: Error) => void;
}

/** The interfaces in use: opens those that appear, closes those that go, tries again those that fail, at each look. */
export class Segments {
  readonly #options: SegmentsOptions;
  /** By key of the network. At most `maxInterfaces`. */
  readonly #open = new Map<string, Segment>();
  /** What was told of trouble, by name and kind of the interface; bounded by those that are there. */
  readonly #told = new Map<string, string>();

  constructor(options: SegmentsOptions) {
    this.#options = options;
  }

  /** Looks at the interfaces. */
  scan(): void {
    const wanted = this.#wanted();
    for (const [key, segment] of this.#open) if (!wanted.has(key)) this.#close(segment, 'interfacesDown');
    for (const [key, network] of wanted) if (!this.#open.has(key)) this.#open.set(key, this.#segment(network));
    const labels = new Set([...wanted.values()].map(labelOf));
    for (const label of this.#told.keys()) if (!labels.has(label) && label !== '') this.#told.delete(label);
  }

  all(): readonly Segment[] {
    return [...this.#open.values()];
  }

  async close(): Promise<void> {
    const all = this.all();
    this.#open.clear();
    await Promise.all(all.map((segment) => segment.close()));
  }

  #wanted(): Map<string, Network> {
    const { interfaces, listening, settings, counters } = this.#options;
    try {
      const all = networksOf(interfaces(), listening);
      counters.add('interfacesTooMany', Math.max(0, all.length - settings.maxInterfaces));
      this.#told.delete('');
      return new Map(all.slice(0, settings.maxInterfaces).map((network) => [network.key, network]));
    } catch (error) {
      this.#tell('', 'Discovery cannot see the network interfaces', error);
      return new Map();
    }
  }

  #segment(network: Network): Segment {
    const { settings, counters, createSocket, admit, onUp, onPacket } = this.#options;
    const segment: Segment = new Segment({
      network,
      port: settings.port,
      createSocket,
      admit: (bytes, source) => admit(network, { bytes, source }),
      onReady: () => {
        counters.add('interfacesUp');
        onUp(segment);
      },
      onPacket: (kind, packet) => {
        onPacket(segment, kind, packet);
      },
      onMalformed: () => {
        counters.add('dropped.malformed');
      },
      onFailed: (error) => {
        this.#close(segment, 'interfacesFailed');
        this.#tell(labelOf(network), `Discovery does not work on ${labelOf(network)} now`, error);
      },
    });
    return segment;
  }

  /** A packet has left: what was told of trouble there is over. */
  works({ network }: Segment): void {
    this.#told.delete(labelOf(network));
  }

  #close(segment: Segment, counter: 'interfacesDown' | 'interfacesFailed'): void {
    this.#options.counters.add(counter);
    if (this.#open.get(segment.network.key) === segment) this.#open.delete(segment.network.key);
    this.#options.onDown(segment);
    void segment.close();
  }

  #tell(label: string, what: string, cause: unknown): void {
    const { message } = asError(cause);
    if (this.#told.get(label) === message) return;
    this.#told.set(label, message);
    this.#options.onError(new SimpleDHTError('ERR_DISCOVERY', `${what}: ${message}`, { cause }));
  }
}

function labelOf({ name, type }: Network): string {
  return `${name} (${type === 'udp4' ? 'IPv4' : 'IPv6'})`;
}
