/** Requests that may be open past the oldest unfinished one. */
const windowRequests = 4096;

/**
 * Which request ids are finished. Ids count up without gaps, so a watermark and a bitmap tell every old request from
 * a new one for as long as the link lives, in constant memory: a request is executed at most once.
 *
 * Invariants: 1. every id below `#watermark` is finished, `#watermark` is not; 2. no bit is set outside of
 * (watermark, watermark + 4096).
 */
export class RequestWindow {
  readonly #bits = new Uint32Array(windowRequests / 32);
  #watermark = 0;

  /** Ids from here on cannot be told apart yet; a sender waits, and a receiver knows a broken sender by them. */
  get limit(): number {
    return this.#watermark + windowRequests;
  }

  isFinished(id: number): boolean {
    return id < this.#watermark || (id < this.limit && this.#bit(id));
  }

  /** `id` must be below `limit`. */
  finish(id: number): void {
    if (id < this.#watermark) return;
    this.#set(id, true);
    while (this.#bit(this.#watermark)) {
      this.#set(this.#watermark, false);
      this.#watermark++;
    }
  }

  #bit(id: number): boolean {
    const slot = id % windowRequests;
    return ((this.#bits[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  #set(id: number, on: boolean): void {
    const slot = id % windowRequests;
    const mask = 1 << (slot & 31);
    const word = this.#bits[slot >>> 5] ?? 0;
    this.#bits[slot >>> 5] = on ? word | mask : word & ~mask;
  }
}
