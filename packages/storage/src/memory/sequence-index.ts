import type { StoredRecord } from '@simpledht/wire';

/** Records per block: an insert or removal moves at most this many, a search looks at log₂ of the number of blocks. */
const blockSize = 512;

/**
 * Records of one origin by sequence number, as a list of sorted blocks: numbers arrive in order when they are pushed and
 * in any order when a whole map is read by key, and both have to be quick.
 *
 * 1. No block is empty, none is larger than `blockSize`, and all numbers of a block are below those of the next.
 */
export class SequenceIndex {
  readonly #blocks: StoredRecord[][] = [];

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  add(record: StoredRecord): void {
    const last = this.#blocks.at(-1);
    if (last === undefined || (last.at(-1)?.seq ?? 0) < record.seq) this.#append(last, record);
    else this.#insert(record);
  }

  remove(record: StoredRecord): void {
    const at = this.#blockOf(record.seq);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const place = placeOf(block, record);
    if (place < 0) return;
    if (block.length === 1) this.#blocks.splice(at, 1);
    else block.splice(place, 1);
  }

  /** Records with a number above `after`, ascending, at most `limit`. */
  since(after: number, limit: number): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (let at = this.#blockOf(after + 1); at < this.#blocks.length && found.length < limit; at++) {
      const block = this.#blocks[at] ?? [];
      const first = found.length === 0 ? firstFrom(block, after + 1) : 0;
      const past = Math.min(block.length, first + limit - found.length);
      for (let place = first; place < past; place++) {
        const record = block[place];
        if (record !== undefined) found.push(record);
      }
    }
    return found;
  }

  #append(last: StoredRecord[] | undefined, record: StoredRecord): void {
    if (last === undefined || last.length >= blockSize) this.#blocks.push([record]);
    else last.push(record);
  }

  /** Below the last number, so there is a block for it. */
  #insert(record: StoredRecord): void {
    const at = this.#blockOf(record.seq);
    const block = this.#blocks[at] ?? [];
    const place = firstFrom(block, record.seq);
    if (block[place]?.seq === record.seq) block[place] = record;
    else block.splice(place, 0, record);
    if (block.length > blockSize) this.#blocks.splice(at + 1, 0, block.splice(blockSize >> 1));
  }

  /** Index of the first block that reaches up to `seq`. */
  #blockOf(seq: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.at(-1)?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Numbers are dense where nothing was overwritten yet, so the place is mostly where it would be without gaps. */
function placeOf(block: readonly StoredRecord[], record: StoredRecord): number {
  const guess = record.seq - (block[0]?.seq ?? 0);
  if (block[guess] === record) return guess;
  const place = firstFrom(block, record.seq);
  return block[place] === record ? place : -1;
}

/** Index of the first record with a number of at least `seq`. */
function firstFrom(block: readonly StoredRecord[], seq: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
