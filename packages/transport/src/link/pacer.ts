import { bufferCost } from './buffer-cost.ts';

/** Part by which sending outruns the window per round trip (RFC 9002 §7.7). */
const gain = 1.25;

/** A burst is never held under this many full datagrams: the initial window, as RFC 9002 §7.7 has it. */
const minBurstDatagrams = 10;

/** A burst may make up for this: timers come a millisecond late, and a turn takes its time. */
const burstMs = 4;

/**
 * Spreads a window over the round trip (RFC 9002 §7.7): a token bucket in units of the receiver's buffer. It fills at
 * 1.25 windows per smoothed round trip and holds what comes in 4 ms, within what a buffer shared by all links can take.
 */
export class Pacer {
  readonly #receiveBufferBytes: number;
  #datagramCost: number;
  #tokens: number;
  #filledMs = 0;
  #capacity: number;

  constructor(datagramBytes: number, receiveBufferBytes: number) {
    this.#datagramCost = bufferCost(datagramBytes);
    this.#receiveBufferBytes = receiveBufferBytes;
    this.#capacity = minBurstDatagrams * this.#datagramCost;
    this.#tokens = this.#capacity;
  }

  enlargeDatagrams(datagramBytes: number): void {
    this.#datagramCost = bufferCost(datagramBytes);
  }

  /** Call before a run of sends. */
  refill(nowMs: number, windowCost: number, smoothedRttMs: number, linkCount: number): void {
    const rate = fillRate(windowCost, smoothedRttMs);
    this.#capacity = this.#burst(rate, linkCount);
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    const filled = this.#tokens + elapsedMs * rate;
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

  #burst(rate: number, linkCount: number): number {
    const share = this.#receiveBufferBytes / (4 * Math.max(linkCount, 1));
    return Math.max(Math.min(share, rate * burstMs), minBurstDatagrams * this.#datagramCost);
  }
}

function fillRate(windowCost: number, smoothedRttMs: number): number {
  return (gain * windowCost) / Math.max(smoothedRttMs, 0.01);
}
