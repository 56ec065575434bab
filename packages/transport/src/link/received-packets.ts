import type { PacketRange } from '@simpledht/wire';
import { maxAckRanges } from '@simpledht/wire';

interface MutableRange {
  first: number;
  last: number;
}

/**
 * Which packet numbers have come: what is acknowledged, and what is refused as a repetition (a replay).
 *
 * Invariants: 1. ranges descend, are disjoint and not adjacent; 2. at most 32 of them, the oldest is forgotten first;
 * 3. every number below `#floor` counts as received, so that a forgotten one is never taken twice.
 */
export class ReceivedPackets {
  readonly #ranges: MutableRange[] = [];
  #floor = 0;

  /** Newest first; read before the next `add`. */
  get ranges(): readonly PacketRange[] {
    return this.#ranges;
  }

  get largest(): number {
    return this.#ranges[0]?.last ?? this.#floor - 1;
  }

  has(number: number): boolean {
    if (number < this.#floor) return true;
    for (const range of this.#ranges) {
      if (number > range.last) return false;
      if (number >= range.first) return true;
    }
    return false;
  }

  /** Every number from `first` to `last` has come, or is too old to matter. */
  hasAll(first: number, last: number): boolean {
    const from = Math.max(first, this.#floor);
    if (from > last) return true;
    for (const range of this.#ranges) {
      if (range.first <= from) return range.last >= last;
    }
    return false;
  }

  /** `number` must be new. */
  add(number: number): void {
    const newest = this.#ranges[0];
    if (newest?.last === number - 1) newest.last = number;
    else this.#insert(number);
  }

  /** The peer knows about everything up to `number`: it need not be told again (RFC 9000 §13.2.4). */
  forgetUpTo(number: number): void {
    this.#floor = Math.max(this.#floor, number + 1);
    let oldest = this.#ranges.at(-1);
    while (oldest !== undefined && oldest.last < this.#floor && this.#ranges.length > 1) {
      this.#ranges.pop();
      oldest = this.#ranges.at(-1);
    }
    if (oldest !== undefined) oldest.first = Math.min(Math.max(oldest.first, this.#floor), oldest.last);
  }

  #insert(number: number): void {
    const ranges = this.#ranges;
    let index = 0;
    while (index < ranges.length && (ranges[index]?.first ?? 0) > number) index++;
    const newer = ranges[index - 1];
    const older = ranges[index];
    const touchesNewer = newer?.first === number + 1;
    const touchesOlder = older?.last === number - 1;
    if (touchesNewer && touchesOlder) {
      newer.first = older.first;
      ranges.splice(index, 1);
    } else if (touchesNewer) newer.first = number;
    else if (touchesOlder) older.last = number;
    else ranges.splice(index, 0, { first: number, last: number });
    this.#bound();
  }

  #bound(): void {
    if (this.#ranges.length <= maxAckRanges) return;
    const forgotten = this.#ranges.pop();
    if (forgotten !== undefined) this.#floor = Math.max(this.#floor, forgotten.last + 1);
  }
}
