import type { StoreBatch } from '@simpledht/storage';
import type { StoredRecord } from '@simpledht/wire';
import { isOlder } from './records.ts';

/** Transactions that a disk may still lose, as those of the simulated cluster. */
const cachedTransactions = 8;

export type Peaks = ReadonlyMap<string, StoredRecord>;

/** The largest write of each key that one place's data ever held: what was purged since counts, what a disk lost does not. */
export class DiskHistory {
  /** What the running process saw in its store. */
  readonly live: Map<string, StoredRecord> = new Map<string, StoredRecord>();
  readonly #kept = new Map<string, StoredRecord>();
  /** The highest clock of what the running process saw or wrote, but for such as were too far ahead to be followed. */
  newest = 0;
  #began: Peaks = new Map<string, StoredRecord>();
  #cached: (readonly StoreBatch[])[] = [];

  /** One transaction is durable. */
  commit(batches: readonly StoreBatch[]): void {
    this.#cached.push(batches);
    if (this.#cached.length <= cachedTransactions) return;
    for (const record of recordsOf(this.#cached.shift() ?? [])) raise(this.#kept, record);
  }

  /** What the running process found of a member's writes. */
  foundOf(writer: string): StoredRecord[] {
    return [...this.#began.values()].filter((record) => record.writer === writer);
  }

  lose(transactions: number): void {
    this.#cached.splice(Math.max(0, this.#cached.length - transactions));
  }

  /** Of what is durable now. */
  peaks(): Peaks {
    const peaks = new Map(this.#kept);
    for (const record of recordsOf(this.#cached.flat())) raise(peaks, record);
    return peaks;
  }

  /** A process begins on data with these peaks. */
  begin(peaks: Peaks): void {
    this.#cached = [];
    this.newest = 0;
    this.#began = peaks;
    for (const map of [this.#kept, this.live]) {
      map.clear();
      for (const [key, record] of peaks) map.set(key, record);
    }
  }
}

export function recordsOf(batches: readonly StoreBatch[]): StoredRecord[] {
  return batches.flatMap(({ records = [] }) => records);
}

export function raise(peaks: Map<string, StoredRecord>, record: StoredRecord): void {
  const peak = peaks.get(record.key);
  if (peak === undefined || isOlder(peak, record)) peaks.set(record.key, record);
}
