/** For so long one link may go on above the bound while others wait for it. 16 MiB at 2 Mbit/s take longer. */
const maxPrivilegeMs = 120_000;

/** The partial messages of one link. */
export interface BudgetHolder {
  /** Gives back everything that it holds. */
  evict(): void;
}

/**
 * Memory for partial messages, shared by all links of a transport. When it is full, packets with fragments are dropped
 * unacknowledged and come again later; one link, the first to find it full, may go on up to its own bound, so that
 * something always completes. If it does not get done while others wait, it loses what it holds, and the next goes on.
 */
export class ReassemblyBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;
  #privileged: { readonly holder: BudgetHolder; readonly sinceMs: number } | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  mayTake(holder: BudgetHolder, bytes: number, nowMs: number): boolean {
    if (this.#usedBytes + bytes <= this.#maxBytes) return true;
    this.#evictIfLate(holder, nowMs);
    this.#privileged ??= { holder, sinceMs: nowMs };
    return this.#privileged.holder === holder;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** `empty`: the holder holds nothing any more. */
  give(holder: BudgetHolder, bytes: number, empty: boolean): void {
    this.#usedBytes -= bytes;
    const done = empty || this.#usedBytes <= this.#maxBytes;
    if (done && this.#privileged?.holder === holder) this.#privileged = undefined;
  }

  #evictIfLate(asking: BudgetHolder, nowMs: number): void {
    if (this.#privileged === undefined) return;
    const { holder, sinceMs } = this.#privileged;
    if (holder === asking || nowMs - sinceMs < maxPrivilegeMs) return;
    this.#privileged = undefined;
    holder.evict();
  }
}
