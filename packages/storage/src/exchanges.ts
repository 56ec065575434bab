import type { StorageRequest } from '@simpledht/wire';
import type { Outbox, ReplicaCounters } from './effects.ts';
import type { Peer } from './peer.ts';
import type { ReplicaSettings } from './settings.ts';

/** A request that is out. */
export type Exchange =
  | { readonly kind: 'delta'; readonly peer: Peer }
  /** `serve`: the peer is to be brought everything that it lacks, not only this node's own writes. */
  | { readonly kind: 'digest'; readonly peer: Peer; readonly serve: boolean }
  | { readonly kind: 'page'; readonly peer: Peer }
  | { readonly kind: 'buckets'; readonly peer: Peer };

/** Numbers the requests that are out. Bounded: per peer one digest or two, one page, and a window of deltas. */
export class Exchanges {
  readonly #out = new Map<number, Exchange>();
  readonly #outbox: Outbox;
  readonly #counters: ReplicaCounters;
  readonly #settings: ReplicaSettings;
  #last = 0;

  constructor(outbox: Outbox, counters: ReplicaCounters, settings: ReplicaSettings) {
    this.#outbox = outbox;
    this.#counters = counters;
    this.#settings = settings;
  }

  /** Sends one message to each of the exchanges' peers; returns the exchanges' numbers in that order. */
  send(message: StorageRequest, exchanges: readonly Exchange[]): number[] {
    const numbers = exchanges.map((exchange) => {
      this.#out.set(++this.#last, exchange);
      return this.#last;
    });
    const targets = exchanges.map(({ peer }, index) => ({ peer: peer.id, exchange: numbers[index] ?? 0 }));
    const { requestTimeoutMs, digestTimeoutMs } = this.#settings;
    const timeoutMs = message.kind === 'digest' ? digestTimeoutMs : requestTimeoutMs;
    this.#outbox.push({ type: 'request', message, targets, timeoutMs });
    if (message.kind === 'digest') this.#counters.digestsSent += exchanges.length;
    return numbers;
  }

  /** The number of the request that was sent last. */
  get newest(): number {
    return this.#last;
  }

  /** Ends an exchange; `undefined` when its peer went away before. */
  end(number: number): Exchange | undefined {
    const exchange = this.#out.get(number);
    this.#out.delete(number);
    return exchange;
  }

  isWaiting(peer: Peer, kind: Exchange['kind']): boolean {
    for (const exchange of this.#out.values()) if (exchange.peer === peer && exchange.kind === kind) return true;
    return false;
  }

  drop(peer: Peer): void {
    for (const [number, exchange] of this.#out) if (exchange.peer === peer) this.#out.delete(number);
  }
}
