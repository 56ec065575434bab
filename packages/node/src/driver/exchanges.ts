/** Requests from peers that a core has yet to answer. Bounded by the transport, which admits only so many at a time. */
export class Exchanges {
  readonly #replies = new Map<number, (payload: Uint8Array) => void>();
  #next = 1;

  open(reply: (payload: Uint8Array) => void): number {
    const exchange = this.#next++;
    this.#replies.set(exchange, reply);
    return exchange;
  }

  /** Unknown exchanges are answered already. */
  answer(exchange: number, payload: Uint8Array): void {
    const reply = this.#replies.get(exchange);
    this.#replies.delete(exchange);
    reply?.(payload);
  }
}
