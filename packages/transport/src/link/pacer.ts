import { bufferCost } from './buffer-cost.ts';

/** Part by which sending outruns the window per round trip (RFC 9002 §7.7). */
const gain = 1.25;

/** A burst is never held under this many full datagrams: turns are short and few. */
const minBurstDatagrams = 10;

/**
 * Spreads a window over the round trip (RFC 9002 §7.7): a token bucket in units of the receiver's buffer. Its size is
 * the burst that a buffer shared by all links can take; it fills at 1.25 windows per smoothed round trip.
 */
export class Pacer {
  readonly #datagramCost: number;
  readonly #receiveBufferBytes: number;
  #tokens: number;
  #filledMs = 0;
  #capacity: number;

  constructor(datagramBytes: number, receiveBufferBytes: number) {
    this.#datagramCost = bufferCost(datagramBytes);
    this.#receiveBufferBytes = receiveBufferBytes;
    this.#capacity = this.#burst(1);
    this.#tokens = this.#capacity;
  }

  /** Call before a run of sends. */
  refill(nowMs: number, windowCost: number, smoothedRttMs: number, linkCount: number): void {
    this.#capacity = this.#burst(linkCount);
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    const filled = this.#tokens + elapsedMs * fillRate(windowCost, smoothedRttMs);
    this.#tokens = Math.min(filled, this.#capacity);
    this.#filledMs = nowMs;
  }

  get maySend(): boolean {
    // One unit of slack: rounding must not leave the bucket a hair short at the very moment that `readyMs` named.
    return this.#tokens >= this.#datagramCost - 1;
  }

  onSent(cost: number): void {
    this.#tokens -= cost;
  }

  /** When a full datagram may go. */
  readyMs(windowCost: number, smoothedRttMs: number): number {
    const missing = Math.max(0, this.#datagramCost - this.#tokens);
    return this.#filledMs + missing / fillRate(windowCost, smoothedRttMs);
  }

  #burst(linkCount: number): number {
    const share = this.#receiveBufferBytes / (4 * Math.max(linkCount, 1));
    return Math.max(share, minBurstDatagrams * this.#datagramCost);
  }
}

function fillRate(windowCost: number, smoothedRttMs: number): number {
  return (gain * windowCost) / Math.max(smoothedRttMs, 0.01);
}
