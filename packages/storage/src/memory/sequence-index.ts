import type { StoredRecord } from '@simpledht/wire';

/** Below this many entries, dead ones are not worth a sweep. */
const smallLog = 64;

/**
 * Records of one origin by sequence number: a log that is appended to, since numbers arrive mostly in order.
 *
 * 1. Entries ascend by number; a dead entry is its bare number, so that search goes on working and the record is freed.
 * 2. Dead entries are swept when they are more than half, so that an overwrite costs amortised constant time.
 */
export class SequenceIndex {
  #entries: (StoredRecord | number)[] = [];
  #dead = 0;

  add(record: StoredRecord): void {
    const last = this.#entries.at(-1);
    if (last === undefined || sequenceOf(last) < record.seq) this.#entries.push(record);
    else this.#insert(record);
  }

  remove(record: StoredRecord): void {
    const at = this.#firstFrom(record.seq);
    if (this.#entries[at] !== record) return;
    this.#entries[at] = record.seq;
    this.#dead += 1;
    if (this.#dead > smallLog && this.#dead * 2 > this.#entries.length) this.#sweep();
  }

  /** Records with a number above `after`, ascending, at most `limit`. */
  since(after: number, limit: number): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (let at = this.#firstFrom(after + 1); at < this.#entries.length && found.length < limit; at++) {
      const entry = this.#entries[at];
      if (typeof entry === 'object') found.push(entry);
    }
    return found;
  }

  #insert(record: StoredRecord): void {
    const at = this.#firstFrom(record.seq);
    const there = this.#entries[at];
    const isSame = there !== undefined && sequenceOf(there) === record.seq;
    if (isSame && typeof there === 'number') this.#dead -= 1;
    this.#entries.splice(at, Number(isSame), record);
  }

  #sweep(): void {
    this.#entries = this.#entries.filter((entry) => typeof entry === 'object');
    this.#dead = 0;
  }

  /** Index of the first entry with a number of at least `seq`. */
  #firstFrom(seq: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && sequenceOf(entry) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sequenceOf(entry: StoredRecord | number): number {
  return typeof entry === 'number' ? entry : entry.seq;
}
