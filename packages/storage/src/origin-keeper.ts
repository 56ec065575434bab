import { SimpleDHTError, type NodeId, type Origin } from '@simpledht/wire';
import type { Outbox, ReplicaCounters } from './effects.ts';
import type { MapState } from './map-state.ts';
import { newOriginOf, secondsOf } from './origin.ts';
import type { Store } from './store.ts';

export interface OriginKeeperOptions {
  readonly id: NodeId;
  readonly store: Store;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly outbox: Outbox;
  readonly counters: ReplicaCounters;
}

/**
 * Opens, renews and retires the origins of one replica.
 *
 * 1. An origin is opened by one process and written under by it alone.
 * 2. A retired origin stays covered up to its last number.
 */
export class OriginKeeper {
  readonly #state: MapState;
  readonly #options: OriginKeeperOptions;

  constructor(state: MapState, options: OriginKeeperOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** The origin of this process's writes from now on. Throws `ERR_LIMIT_REACHED` when the vector is full. */
  open(origin: Origin = this.#make(this.#state.clock.seconds)): Origin {
    const own = this.#state.vector.openOwn(origin);
    if (own === undefined) {
      throw new SimpleDHTError('ERR_LIMIT_REACHED', 'The version vector has no room for another origin');
    }
    this.#state.own = own;
    this.#state.origin = origin;
    this.#state.originChanged(origin);
    return origin;
  }

  /**
   * Somebody holds more of the own origin than this process wrote, or something else under it: the store is used twice.
   * Numbers must never mean two writes, so what this process wrote gets new dots under a new origin, and the old origin
   * becomes a foreign one. Tells where each number went. Without room for an origin nothing is changed.
   */
  renew(): ((seq: number) => number) | undefined {
    const former = this.#state.origin;
    if (former === '' || !this.#state.vector.hasPlace) return undefined;
    const rewritten = this.#options.store.since(former, 0, Infinity);
    const origin = this.#make(this.#state.clock.seconds);
    this.#redot(origin, rewritten);
    // What this process wrote there counts as not covered: whatever else has these numbers may come from the peers.
    // All members covered the numbers up to its floor.
    this.#state.vector.reset(former, this.#state.floors.get(former)?.seq ?? 0);
    this.#state.originChanged(former);
    this.open(origin);
    this.#state.own.watermark = rewritten.length;
    this.#options.counters.originChanges += 1;
    this.#options.outbox.notice({ type: 'origin-changed', former });
    const places = rewritten.map(({ seq }) => seq);
    return (seq) => {
      const place = places.findIndex((candidate) => candidate >= seq);
      return place < 0 ? places.length : place + 1;
    };
  }

  /** Uses up a number of the own origin without a write; returns it. */
  mark(): number {
    const origin = this.#state.origin === '' ? this.open() : this.#state.origin;
    this.#state.own.watermark += 1;
    this.#state.originChanged(origin);
    return this.#state.own.watermark;
  }

  /** Gives an origin up. Its floor goes to number `seq` of the own origin. */
  retire(retired: Origin, seq = 0): void {
    const { floors, vector, origin } = this.#state;
    const floor = floors.get(retired);
    if (floor !== undefined && origin !== '' && seq > 0) {
      floors.raise({ origin, seq, hlc: floor.hlc });
      floors.drop(retired);
      this.#state.floorsChanged();
    }
    vector.retire(retired);
    this.#options.counters.retiredOrigins += 1;
    this.#state.originChanged(retired);
    this.#state.retiredChanged();
  }

  /** An origin was retired elsewhere. What is covered here beyond that stays, and so does one that has a floor. */
  retireTo(origin: Origin, last: number): void {
    const { vector, floors } = this.#state;
    if (vector.get(origin) === undefined && floors.get(origin) === undefined) vector.retireTo(origin, last);
    else if (vector.cover(origin, { from: 0, to: last })) this.#state.originChanged(origin);
    this.#state.retiredChanged();
  }

  /** An origin that gets a floor is listed, or nobody could tell who is below it. */
  reopen(origin: Origin): void {
    const { vector } = this.#state;
    if (!vector.retired.has(origin) || vector.open(origin) === undefined) return;
    this.#state.originChanged(origin);
    this.#state.retiredChanged();
  }

  /** Gives the records of these origins new dots, under an origin that is later than all of them. */
  redot(origins: readonly Origin[]): void {
    const { vector, clock } = this.#state;
    if (!vector.hasPlace) return;
    const records = origins.flatMap((origin) => this.#options.store.since(origin, 0, Infinity));
    const origin = this.#make(Math.max(clock.seconds, ...origins.map((each) => secondsOf(each) + 1)));
    this.#redot(origin, records);
    vector.openOwn(origin)?.cover({ from: 0, to: records.length });
    this.#state.originChanged(origin);
  }

  #make(seconds: number): Origin {
    return newOriginOf(this.#options.id, seconds, this.#options.randomBytes(4));
  }

  /** The same writes under other dots: no change to anyone, and no other sum. */
  #redot(origin: Origin, records: ReturnType<Store['since']>): void {
    const renamed = records.map((record, index) => ({ ...record, value: record.value, origin, seq: index + 1 }));
    if (renamed.length > 0) this.#options.store.apply({ records: renamed });
  }
}
