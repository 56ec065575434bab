import type { CongestionControl } from './congestion.ts';

/** Part of the congestion window after which an acknowledgement is asked for while more waits. */
const askedPart = 1 / 4;

/**
 * Which packets ask to be acknowledged at once. Half-empty windows are acknowledged in the peer's own time; a window
 * that fills up waits for nothing else.
 */
export class AckRequests {
  readonly #congestion: CongestionControl;
  #bytesSinceAsked = 0;

  constructor(congestion: CongestionControl) {
    this.#congestion = congestion;
  }

  get isDue(): boolean {
    const { windowBytes, inFlightBytes, datagramBytes } = this.#congestion;
    return this.#bytesSinceAsked >= windowBytes * askedPart || inFlightBytes + 2 * datagramBytes > windowBytes;
  }

  onSent(bytes: number, asked: boolean): void {
    this.#bytesSinceAsked = asked ? 0 : this.#bytesSinceAsked + bytes;
  }
}
