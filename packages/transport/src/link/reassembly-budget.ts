/**
 * Memory for partial messages, shared by all links of a transport. When it is full, packets with fragments are dropped
 * unacknowledged and come again later; one link, the first to find it full, may go on up to its own bound, so that
 * something always completes.
 */
export class ReassemblyBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;
  #privileged: object | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  mayTake(owner: object, bytes: number): boolean {
    if (this.#usedBytes + bytes <= this.#maxBytes) return true;
    this.#privileged ??= owner;
    return this.#privileged === owner;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** `empty`: the owner holds nothing any more. */
  give(owner: object, bytes: number, empty: boolean): void {
    this.#usedBytes -= bytes;
    if (empty && this.#privileged === owner) this.#privileged = undefined;
  }
}
