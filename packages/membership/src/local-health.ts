/** Lifeguard's S: at worst probes take 8 times as long (arXiv 1707.00788 §IV-A; memberlist AwarenessMaxMultiplier). */
const worst = 7;

/**
 * How far this node trusts its own perception: 0 is well. Failed probes that nobody else confirms, and accusations that had
 * to be refuted, mean that the fault may be here (a starved process, a bad link); it then probes slower and waits longer.
 */
export class LocalHealth {
  #score = 0;

  /** 1 … 8: what intervals and time-outs are multiplied with. */
  get multiplier(): number {
    return this.#score + 1;
  }

  improve(): void {
    this.#score = Math.max(0, this.#score - 1);
  }

  worsen(by: number): void {
    this.#score = Math.min(worst, this.#score + by);
  }
}
