/**
 * Finds those who asked for a prefix of a key. Costs the number of different lengths of the prefixes, not of those who
 * ask: ten thousand watchers of a key each are looked up like one.
 */
export class PrefixIndex<T> {
  readonly #members = new Map<string, Set<T>>();
  /** Lengths of the prefixes, with how many prefixes have them. */
  readonly #lengths = new Map<number, number>();

  add(prefix: string, member: T): void {
    let members = this.#members.get(prefix);
    if (members === undefined) {
      members = new Set();
      this.#members.set(prefix, members);
      this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    }
    members.add(member);
  }

  remove(prefix: string, member: T): void {
    const members = this.#members.get(prefix);
    if (members?.delete(member) !== true || members.size > 0) return;
    this.#members.delete(prefix);
    const left = (this.#lengths.get(prefix.length) ?? 1) - 1;
    if (left > 0) this.#lengths.set(prefix.length, left);
    else this.#lengths.delete(prefix.length);
  }

  *matching(key: string): Generator<T, void> {
    for (const length of this.#lengths.keys()) {
      const members = length > key.length ? undefined : this.#members.get(key.slice(0, length));
      if (members !== undefined) yield* members;
    }
  }
}
