interface Entry {
  readonly atMs: number;
  readonly act: () => unknown;
}

/** What is to happen, in the order of time, then of being put down. */
export class Agenda {
  readonly #entries: Entry[] = [];

  add(atMs: number, act: Entry['act']): void {
    let at = this.#entries.length;
    while (at > 0 && (this.#entries[at - 1]?.atMs ?? 0) > atMs) at -= 1;
    this.#entries.splice(at, 0, { atMs, act });
  }

  /** The next at or before a time. */
  take(untilMs: number): Entry | undefined {
    const [first] = this.#entries;
    return first === undefined || first.atMs > untilMs ? undefined : this.#entries.shift();
  }
}
