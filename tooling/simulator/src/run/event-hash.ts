/** One number for every datagram and every write of a run, in their order: equal for equal runs. */
export class EventHash {
  #state = 0x811c9dc5;

  get value(): string {
    return (this.#state >>> 0).toString(16).padStart(8, '0');
  }

  number(value: number): void {
    this.#state = Math.imul(this.#state ^ value, 0x01000193);
    this.#state ^= Math.floor(value / 4_294_967_296);
  }

  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.number(text.charCodeAt(index));
  }

  bytes(bytes: Uint8Array): void {
    let state = this.#state;
    for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
    this.#state = state;
  }
}
