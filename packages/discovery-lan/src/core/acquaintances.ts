import type { LanSettings } from './settings.ts';

interface Known {
  untilMs: number;
  offeredMs: number;
}

interface Acquaintance {
  offeredMs: number;
  /** At most `maxAddresses`. */
  readonly addresses: Map<string, Known>;
}

/** Who was heard of, so that everybody is told soon, again from time to time, and with one address after the other. */
export class Acquaintances {
  readonly #settings: LanSettings;
  /** By id, those heard of last at the end. At most `maxNodes`. */
  readonly #known = new Map<string, Acquaintance>();
  evicted = 0;

  constructor(settings: LanSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Somebody is at these addresses for `ttlMs`; the address to tell now, if it is time. */
  hear(
    id: string,
    heard: { readonly addresses: readonly string[]; readonly ttlMs: number },
    nowMs: number,
  ): string | undefined {
    if (heard.ttlMs <= 0) {
      this.#known.delete(id);
      return undefined;
    }
    const one = this.#known.get(id) ?? { offeredMs: -Infinity, addresses: new Map<string, Known>() };
    this.#known.delete(id);
    this.#known.set(id, one);
    this.#forgetOldest();
    const untilMs = nowMs + Math.min(heard.ttlMs, this.#settings.ttlMs);
    for (const address of heard.addresses) {
      const { offeredMs } = one.addresses.get(address) ?? { offeredMs: -Infinity };
      one.addresses.delete(address);
      one.addresses.set(address, { untilMs, offeredMs });
    }
    for (const address of one.addresses.keys())
      if (one.addresses.size > this.#settings.maxAddresses) one.addresses.delete(address);
    return this.#next(one, nowMs);
  }

  /** The address that was told longest ago; one that never was need not wait as long. */
  #next(one: Acquaintance, nowMs: number): string | undefined {
    const { reofferMs, nextAddressMs } = this.#settings;
    let next: [string, Known] | undefined;
    for (const [address, known] of one.addresses) {
      if (known.untilMs <= nowMs) one.addresses.delete(address);
      else if (next === undefined || known.offeredMs < next[1].offeredMs) next = [address, known];
    }
    if (next === undefined) return undefined;
    const [address, known] = next;
    if (nowMs - one.offeredMs < (known.offeredMs === -Infinity ? nextAddressMs : reofferMs)) return undefined;
    one.offeredMs = nowMs;
    known.offeredMs = nowMs;
    return address;
  }

  #forgetOldest(): void {
    for (const id of this.#known.keys()) {
      if (this.#known.size <= this.#settings.maxNodes) return;
      this.#known.delete(id);
      this.evicted++;
    }
  }
}
