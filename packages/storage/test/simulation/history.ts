import type { StoredRecord } from '@simpledht/wire';
import { isOlder } from '../simulated-disk.ts';

/** One write as its writer made it. */
export interface Write {
  readonly record: StoredRecord;
  /** Nodes, by bit, whose durable data ever held it. */
  holders: number;
  /** Nodes, by bit, that covered it on a disk whose last flushes were lost then. */
  covered: number;
  acknowledged: boolean;
  /** Another value under the same version: its writer lost its data and kept its id, and its clock went back. */
  twin: Write | undefined;
}

/** By what a write is known, whatever its dot and whether it has expired. */
export function writeId({ key, hlc, writer }: StoredRecord): string {
  return `${key} ${String(hlc)} ${writer}`;
}

/** Every write ever made, and who durably held what. */
export class History {
  readonly writes: Map<string, Write> = new Map<string, Write>();
  /** The largest write of each key so far. */
  readonly largest: Map<string, StoredRecord> = new Map<string, StoredRecord>();
  /** Per node the largest record of each key that it ever held durably; what a wiped disk had included. */
  readonly #peaks: (Map<string, StoredRecord> | undefined)[] = [];

  wrote(record: StoredRecord): Write {
    const id = writeId(record);
    const write: Write = { record, holders: 0, covered: 0, acknowledged: false, twin: this.writes.get(id) };
    this.writes.set(id, write);
    const largest = this.largest.get(record.key);
    if (largest === undefined || isOlder(largest, record)) this.largest.set(record.key, record);
    return write;
  }

  get keys(): IterableIterator<string> {
    return this.largest.keys();
  }

  find(record: StoredRecord): Write | undefined {
    const last = this.writes.get(writeId(record));
    let write = last;
    while (write !== undefined && !isCopy(record, write.record)) write = write.twin;
    return write ?? last;
  }

  kept(node: number, record: StoredRecord): void {
    const write = this.find(record);
    if (write !== undefined) write.holders |= 1 << node;
    const peaks = (this.#peaks[node] ??= new Map<string, StoredRecord>());
    const peak = peaks.get(record.key);
    if (peak === undefined || isOlder(peak, record)) peaks.set(record.key, record);
  }

  /** The nodes that ever held a write durably, or what overwrote it. */
  holders(record: StoredRecord): number[] {
    const nodes: number[] = [];
    for (const [node, peaks] of this.#peaks.entries()) {
      const peak = peaks?.get(record.key);
      if (peak !== undefined && !isOlder(peak, record)) nodes.push(node);
    }
    return nodes;
  }
}

/** The same write, maybe expired meanwhile. */
function isCopy({ value, expiresAt }: StoredRecord, original: StoredRecord): boolean {
  if (value === null) return original.value === null || original.expiresAt !== 0;
  return original.expiresAt === expiresAt && original.value !== null && String(original.value) === String(value);
}
