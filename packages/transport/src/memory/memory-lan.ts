import type { Clock, TimerHandle } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Announcement, Discovery, DiscoveryHandlers } from '../discovery.ts';

export interface MemoryLanOptions {
  /** Default: the computer's time. */
  readonly clock?: Clock;
  /** How often each one announces itself, ms. Default 10,000. */
  readonly intervalMs?: number;
}

/** A network in memory whose nodes find each other, for simulated clusters. An instance, so that tests share none. */
export class MemoryLan {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Those that were started and not stopped: bounded by the nodes of the simulation. */
  readonly #present = new Set<MemoryDiscovery>();

  constructor({ clock = systemClock, intervalMs = 10_000 }: MemoryLanOptions = {}) {
    this.clock = clock;
    this.intervalMs = intervalMs;
  }

  /** For one node. */
  discovery(): Discovery {
    return new MemoryDiscovery(this);
  }

  /** For discoveries: everyone who is here hears of the new one, and it of them. */
  enter(one: MemoryDiscovery): void {
    for (const other of this.#present) one.hear(other);
    this.#present.add(one);
    this.announce(one);
  }

  leave(one: MemoryDiscovery): void {
    this.#present.delete(one);
  }

  announce(one: MemoryDiscovery): void {
    for (const other of this.#present) other.hear(one);
  }
}

/** One node's discovery on a MemoryLan. */
class MemoryDiscovery implements Discovery {
  readonly #lan: MemoryLan;
  #announcement: Announcement | undefined;
  #handlers: DiscoveryHandlers | undefined;
  #timer: TimerHandle | undefined;
  #stopped = false;
  readonly #counters = { announced: 0, found: 0, otherClusters: 0, handlerErrors: 0 };

  constructor(lan: MemoryLan) {
    this.#lan = lan;
  }

  get counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }

  start(announcement: Announcement, handlers: DiscoveryHandlers): void {
    if (this.#stopped || this.#handlers !== undefined) return;
    this.#announcement = announcement;
    this.#handlers = handlers;
    this.#counters.announced++;
    this.#lan.enter(this);
    this.#repeat();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#lan.leave(this);
    if (this.#timer !== undefined) this.#lan.clock.clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** For the network: that one announces itself. Told later, never within this call. */
  hear(other: MemoryDiscovery): void {
    const theirs = other.#announcement;
    const own = this.#announcement;
    if (other === this || theirs === undefined || own === undefined) return;
    if (!theirs.tags.some((tag) => own.tags.includes(tag))) {
      this.#counters.otherClusters++;
      return;
    }
    this.#lan.clock.setTimeout(() => {
      if (!this.#stopped) this.#tell(theirs);
    }, 0);
  }

  #tell({ id, address, localAddresses }: Announcement): void {
    this.#counters.found++;
    try {
      this.#handlers?.onFound({ id, address: localAddresses[0] ?? address });
    } catch {
      this.#counters.handlerErrors++;
    }
  }

  #repeat(): void {
    this.#timer = this.#lan.clock.setTimeout(() => {
      this.#counters.announced++;
      this.#lan.announce(this);
      this.#repeat();
    }, this.#lan.intervalMs);
  }
}
