const slabBytes = 65_536;

/**
 * Room for outgoing packets, cut from slabs: one allocation for many packets, and no copy, since a packet is built
 * where it stays. A slab is never used twice; it is collected when its last packet is.
 */
export class PacketArena {
  #slab = new Uint8Array(0);
  #used = 0;

  get slab(): Uint8Array {
    return this.#slab;
  }

  /** Where the packet being built begins. */
  get start(): number {
    return this.#used;
  }

  /** Makes room for `bytes` in the slab and gives the offset of it. One packet is built at a time. */
  reserve(bytes: number): number {
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(slabBytes, bytes));
      this.#used = 0;
    }
    return this.#used;
  }

  /** Keeps the packet up to `end`. */
  commit(end: number): Uint8Array {
    const start = this.#used;
    this.#used = end;
    return this.#slab.subarray(start, end);
  }
}
