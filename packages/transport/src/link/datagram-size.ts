/** Arrives on every path (RFC 9000 §14). */
const safeBytes = 1200;

/** One that is lost may be bad luck; three say that the path does not carry it. */
const maxProbes = 3;

/**
 * How large datagrams may be. Those of 1,200 bytes always arrive; whether larger ones do is tried by one that carries
 * nothing else (RFC 8899, RFC 9000 §14.3), and only once more is to be said than one of 1,200 takes. So a path that swallows
 * large datagrams costs three of them, not the link.
 */
export class DatagramSize {
  readonly #largestBytes: number;
  #bytes: number;
  #probesLeft: number;
  #probing = false;

  /** `largestBytes`: what both sides would take. */
  constructor(largestBytes: number) {
    this.#largestBytes = largestBytes;
    this.#bytes = Math.min(largestBytes, safeBytes);
    this.#probesLeft = largestBytes > safeBytes ? maxProbes : 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Size of the probe to send now, if one is due; it must then be sent. */
  probe(): number | undefined {
    if (this.#probing || this.#probesLeft === 0) return undefined;
    this.#probing = true;
    this.#probesLeft--;
    return this.#largestBytes;
  }

  onProbeLost(): void {
    this.#probing = false;
  }

  onProbeArrived(): void {
    this.#bytes = this.#largestBytes;
    this.#probesLeft = 0;
  }
}
