import type { Address } from '@simpledht/wire';
import type { Entry } from './member.ts';

/**
 * Which member answers at which address: the verified ones, at most two per member (where it is reached, and the alias
 * from which its messages come). Bounded by the roster, whose entries it names.
 */
export class AddressBook {
  readonly #holders = new Map<Address, Entry>();

  holderOf(address: Address): Entry | undefined {
    return this.#holders.get(address);
  }

  /** The member is reached at this address from now on. Whoever else held it has been dropped by the caller. */
  assign(entry: Entry, address: Address): void {
    this.#release(entry, entry.address);
    entry.address = address;
    entry.verified = true;
    this.#holders.set(address, entry);
  }

  /** Its messages come from here, though it is reached elsewhere. */
  alias(entry: Entry, address: Address): void {
    this.dropAlias(entry);
    entry.alias = address;
    this.#holders.set(address, entry);
  }

  dropAlias(entry: Entry): void {
    const { alias } = entry;
    entry.alias = undefined;
    if (alias !== undefined && alias !== entry.address) this.#release(entry, alias);
  }

  /** It is said to be elsewhere, unverified. */
  disown(entry: Entry, address: Address): void {
    this.#release(entry, entry.address);
    entry.address = address;
    entry.verified = false;
  }

  remove(entry: Entry): void {
    this.dropAlias(entry);
    this.#release(entry, entry.address);
  }

  #release(entry: Entry, address: Address): void {
    if (this.#holders.get(address) === entry) this.#holders.delete(address);
  }
}
