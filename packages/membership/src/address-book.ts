import type { Address } from '@simpledht/wire';
import type { Entry } from './member.ts';

/**
 * Which member answers at which address: the verified ones, at most two per member (where it is reached, and the alias
 * from which its messages come). Bounded by the roster, whose entries it names.
 */
export class AddressBook {
  readonly #holders = new Map<Address, Entry>();
  /** Who is held to be at each address, verified or only said to be. Looking through all members costs N² when many come. */
  readonly #held = new Map<Address, Set<Entry>>();

  /** The member is new, at the address that it was told of with. */
  admit(entry: Entry): void {
    this.#hold(entry, entry.address);
  }

  /** Whoever is held to be there. */
  at(address: Address): readonly Entry[] {
    return [...(this.#held.get(address) ?? [])];
  }

  holderOf(address: Address): Entry | undefined {
    return this.#holders.get(address);
  }

  /** The member is reached at this address from now on. Whoever else held it has been dropped by the caller. */
  assign(entry: Entry, address: Address): void {
    this.#move(entry, address);
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
    this.#move(entry, address);
    entry.verified = false;
  }

  remove(entry: Entry): void {
    this.dropAlias(entry);
    this.#release(entry, entry.address);
    this.#unhold(entry);
  }

  #move(entry: Entry, address: Address): void {
    this.#release(entry, entry.address);
    this.#unhold(entry);
    entry.address = address;
    this.#hold(entry, address);
  }

  #hold(entry: Entry, address: Address): void {
    const there = this.#held.get(address);
    if (there === undefined) this.#held.set(address, new Set([entry]));
    else there.add(entry);
  }

  #unhold(entry: Entry): void {
    const there = this.#held.get(entry.address);
    there?.delete(entry);
    if (there?.size === 0) this.#held.delete(entry.address);
  }

  #release(entry: Entry, address: Address): void {
    if (this.#holders.get(address) === entry) this.#holders.delete(address);
  }
}
