import type { LinkSettings } from './settings.ts';

/** RFC 9002 §5. Every sample is unambiguous, because a packet number is never sent twice. */
export class RoundTripTime {
  readonly #settings: LinkSettings;
  #latestMs: number | undefined;
  #firstSampleMs = Infinity;
  #minMs = Infinity;
  #smoothedMs: number;
  #variationMs: number;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    this.#smoothedMs = settings.initialRttMs;
    this.#variationMs = settings.initialRttMs / 2;
  }

  get smoothedMs(): number {
    return this.#smoothedMs;
  }

  get variationMs(): number {
    return this.#variationMs;
  }

  /** `Infinity` before the first sample. */
  get leastMs(): number {
    return this.#minMs;
  }

  /** When the first sample was taken; `Infinity` before. */
  get firstSampleMs(): number {
    return this.#firstSampleMs;
  }

  /** §5.2: after persistent congestion the path may be another one. */
  forgetLeast(): void {
    this.#minMs = Infinity;
  }

  /** §5.3. `ackDelayMs` is what the peer says that it waited; it is believed up to the protocol's bound. */
  sample(latestMs: number, ackDelayMs: number, nowMs: number): void {
    this.#minMs = Math.min(this.#minMs, latestMs);
    const delayMs = Math.min(ackDelayMs, this.#settings.maxAckDelayMs);
    const adjustedMs = latestMs >= this.#minMs + delayMs ? latestMs - delayMs : latestMs;
    if (this.#latestMs === undefined) {
      this.#smoothedMs = latestMs;
      this.#variationMs = latestMs / 2;
      this.#firstSampleMs = nowMs;
    } else {
      this.#variationMs = 0.75 * this.#variationMs + 0.25 * Math.abs(this.#smoothedMs - adjustedMs);
      this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * adjustedMs;
    }
    this.#latestMs = latestMs;
  }

  /** §6.2.1, before any backoff. */
  get probeTimeoutMs(): number {
    const { granularityMs, maxAckDelayMs, minProbeTimeoutMs, maxProbeTimeoutMs } = this.#settings;
    const timeoutMs = this.#smoothedMs + Math.max(4 * this.#variationMs, granularityMs) + maxAckDelayMs;
    return Math.min(Math.max(timeoutMs, minProbeTimeoutMs), maxProbeTimeoutMs);
  }

  /** §6.1.2: how long a packet may be outrun by an acknowledged one before it is lost. */
  get lossDelayMs(): number {
    const slowestMs = Math.max(this.#latestMs ?? 0, this.#smoothedMs);
    return Math.max(this.#settings.timeThreshold * slowestMs, this.#settings.minLossDelayMs);
  }
}
