/**
 * Keyed moments: "do this about that key at that time". Setting a key again replaces its moment, so nothing stale fires.
 *
 * The earliest moment is remembered; it is looked for again only after it has gone. A scan costs less than the upkeep of a
 * heap at the sizes here (suspects, dead members, requests in flight). Bounded by its owner, who bounds the keys.
 */
export class Deadlines<Key> {
  readonly #moments = new Map<Key, number>();
  #earliestMs: number | undefined;
  #stale = false;

  get size(): number {
    return this.#moments.size;
  }

  has(key: Key): boolean {
    return this.#moments.has(key);
  }

  set(key: Key, atMs: number): void {
    this.delete(key);
    this.#moments.set(key, atMs);
    if (!this.#stale && (this.#earliestMs === undefined || atMs < this.#earliestMs)) this.#earliestMs = atMs;
  }

  /** Not later than that; a key without a moment stays so. */
  hasten(key: Key, atMs: number): void {
    if ((this.#moments.get(key) ?? -Infinity) > atMs) this.set(key, atMs);
  }

  delete(key: Key): void {
    const atMs = this.#moments.get(key);
    if (atMs === undefined) return;
    this.#moments.delete(key);
    if (atMs === this.#earliestMs) this.#stale = true;
  }

  clear(): void {
    this.#moments.clear();
    this.#earliestMs = undefined;
    this.#stale = false;
  }

  /** The earliest moment, or undefined when there is none. */
  next(): number | undefined {
    if (this.#stale) {
      this.#stale = false;
      this.#earliestMs = undefined;
      for (const atMs of this.#moments.values()) {
        if (this.#earliestMs === undefined || atMs < this.#earliestMs) this.#earliestMs = atMs;
      }
    }
    return this.#earliestMs;
  }

  /** Removes and returns every key whose moment has come. */
  takeDue(nowMs: number): readonly Key[] {
    const earliestMs = this.next();
    if (earliestMs === undefined || earliestMs > nowMs) return [];
    const due = [...this.#moments].filter(([, atMs]) => atMs <= nowMs).map(([key]) => key);
    for (const key of due) this.delete(key);
    return due;
  }

  /** Removes and returns the key with the earliest moment, if that has come. */
  takeFirst(nowMs: number): Key | undefined {
    const earliestMs = this.next();
    if (earliestMs === undefined || earliestMs > nowMs) return undefined;
    for (const [key, atMs] of this.#moments) {
      if (atMs !== earliestMs) continue;
      this.delete(key);
      return key;
    }
    return undefined;
  }

  /** Moves every moment into the future by `byMs`. */
  postpone(byMs: number): void {
    for (const [key, atMs] of this.#moments) this.#moments.set(key, atMs + byMs);
    this.#stale = true;
  }
}

/** The earliest of some moments that may be absent. */
export function earliest(...momentsMs: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined;
  for (const atMs of momentsMs) if (atMs !== undefined && (found === undefined || atMs < found)) found = atMs;
  return found;
}
