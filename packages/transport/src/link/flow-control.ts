/**
 * How many bytes of fragments a peer may send ahead (RFC 9000 §4.1). Whole messages need no credit: they are handed
 * on as they come and hold no memory here.
 */
export class ReceiveCredit {
  readonly #windowBytes: number;
  readonly #maxMessageBytes: number;
  #receivedBytes = 0;
  #grantedBytes: number;
  #lost = false;

  constructor(windowBytes: number, maxMessageBytes: number) {
    this.#windowBytes = windowBytes;
    this.#maxMessageBytes = maxMessageBytes;
    this.#grantedBytes = windowBytes;
  }

  /** Notes new fragment bytes; false when the peer sends more than it was granted. */
  onReceived(bytes: number): boolean {
    this.#receivedBytes += bytes;
    return this.#receivedBytes <= this.#grantedBytes;
  }

  /** The frame that told the last grant was lost. */
  onLost(): void {
    this.#lost = true;
  }

  /** `heldBytes`: payload in partial messages. A quarter of the window is worth a frame. */
  isDue(heldBytes: number): boolean {
    return this.#lost || this.#target(heldBytes) - this.#grantedBytes >= this.#windowBytes / 4;
  }

  grant(heldBytes: number): number {
    this.#lost = false;
    this.#grantedBytes = Math.max(this.#grantedBytes, this.#target(heldBytes));
    return this.#grantedBytes;
  }

  /**
   * A message may be longer than the window, so bytes held count as taken until they make up a longest message; the
   * sender's long messages go one after the other, so beyond that an earlier one is complete but for what is sent again.
   */
  #target(heldBytes: number): number {
    return heldBytes > this.#maxMessageBytes ? this.#grantedBytes : this.#receivedBytes + this.#windowBytes;
  }
}

/** The other end of it: what the peer allows us. */
export class SendCredit {
  #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get leftBytes(): number {
    return this.#limitBytes - this.#usedBytes;
  }

  use(bytes: number): void {
    this.#usedBytes += bytes;
  }

  raise(limitBytes: number): void {
    this.#limitBytes = Math.max(this.#limitBytes, limitBytes);
  }
}
