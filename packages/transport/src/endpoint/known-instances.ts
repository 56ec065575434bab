import type { Address } from '@simpledht/wire';

/** The oldest is forgotten for a new one; a restart of a peer not heard of for so long goes unnoticed. */
const maxInstances = 4096;

/** Which process was last seen at an address, also after its link, to tell a restart from a return. */
export class KnownInstances {
  readonly #byAddress = new Map<Address, string>();

  get(address: Address): string | undefined {
    return this.#byAddress.get(address);
  }

  set(address: Address, instance: string): void {
    this.#byAddress.delete(address);
    this.#byAddress.set(address, instance);
    if (this.#byAddress.size <= maxInstances) return;
    const [oldest] = this.#byAddress.keys();
    if (oldest !== undefined) this.#byAddress.delete(oldest);
  }
}
