import { splitKey, wallOf } from '@simpledht/storage';
import type { DiskWatcher } from '@simpledht/node/testing';
import type { StoredRecord } from '@simpledht/wire';
import { Acquaintances } from './acquaintances.ts';
import { DiskHistory, raise, recordsOf } from './disk-history.ts';
import { isOlder, told, valueOf, versionOf, writeId } from './records.ts';
import { Violation } from './violation.ts';

export interface LedgerOptions {
  /** Id of the process at an index. */
  readonly idOf: (index: number) => string;
  readonly fail: (violation: Violation) => void;
  readonly note: (node: number, text: () => string) => void;
  /** What a clock shows that is right. */
  readonly wallMs: () => number;
  readonly nowMs: () => number;
  /** Nodes begin on old copies of disks in this run, or lose their data and their clock's past with it. */
  readonly losesPast: boolean;
}

/** A clock ahead by less than this is followed by everybody, however far behind its own is; ms. */
const followedMs = 3_000;

/** No tombstone is purged before, ms: `tombstoneQuietMs`, less what clocks may be off. */
const rememberedMs = 10_000;

/** What was there when a record was applied. */
interface Held {
  readonly newest: number;
  readonly before: StoredRecord | undefined;
}

/** Everything that was ever written, and who held it: from what the stores are told, apart from the code that decides. */
export class Ledger {
  readonly #options: LedgerOptions;
  /** Each write as its writer made it. */
  readonly #writes = new Map<string, StoredRecord>();
  readonly #disks: DiskHistory[] = [];
  /** What was durable at a member at any time: the largest write of each key, by member id. */
  readonly #held = new Map<string, Map<string, StoredRecord>>();
  /** Which write carries a value: one, whatever was sent twice. */
  readonly #carriers = new Map<number, string>();
  readonly #largest = new Map<string, StoredRecord>();
  /** What a write took the place of, at its writer. */
  readonly #before = new Map<string, StoredRecord | undefined>();
  /** Made by a clock so far ahead that nobody has to follow it. */
  readonly #ahead = new Set<string>();
  /** By the name that users see: the clock in base 36 and the writer. */
  readonly #versions = new Map<string, string>();
  readonly #writtenMs = new Map<string, number>();
  /** When a place last forgot a tombstone, by index and key. */
  readonly #purgedMs = new Map<string, number>();
  readonly acquaintances: Acquaintances = new Acquaintances();
  /** Keys deleted on one side of two that had never met, and written before on the other; nothing more is asked of them. */
  readonly #excused = new Set<string>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get keys(): Iterable<string> {
    return this.#largest.keys();
  }

  /** Keys that came back so. */
  get excused(): number {
    return this.#excused.size;
  }

  isExcused(key: string | undefined): boolean {
    return key !== undefined && this.#excused.has(key);
  }

  disk(index: number): DiskHistory {
    return (this.#disks[index] ??= new DiskHistory());
  }

  watcher(index: number): DiskWatcher {
    return {
      applied: ({ records = [], removed = [] }, before) => {
        for (const key of removed) this.#purgedMs.set(`${String(index)} ${key}`, this.#options.nowMs());
        // Of a batch the order is not that of the clocks.
        const { newest } = this.disk(index);
        for (const record of records) this.#applied(index, record, { newest, before: before(record.key) });
      },
      kept: (batches) => {
        this.disk(index).commit(batches);
        const held = this.#heldBy(this.#options.idOf(index));
        for (const record of recordsOf(batches)) raise(held, record);
      },
      lost: (transactions) => {
        this.disk(index).lose(transactions);
      },
    };
  }

  find(record: StoredRecord): StoredRecord | undefined {
    return this.#writes.get(writeId(record));
  }

  /** The write that users know by this version. */
  byVersion(version: string): StoredRecord | undefined {
    const id = this.#versions.get(version);
    return id === undefined ? undefined : this.#writes.get(id);
  }

  /** What a write took the place of, at its writer. */
  before(record: StoredRecord): StoredRecord | undefined {
    return this.#before.get(writeId(record));
  }

  /** The largest write of a key, by anybody. */
  largest(key: string): StoredRecord | undefined {
    return this.#largest.get(key);
  }

  /** Ids of the members whose durable data ever held a write, or what overwrote it. */
  holders(record: StoredRecord): string[] {
    const holders: string[] = [];
    for (const [id, peaks] of this.#held) {
      const peak = peaks.get(record.key);
      if (peak !== undefined && !isOlder(peak, record)) holders.push(id.slice(0, 8));
    }
    return holders;
  }

  #heldBy(id: string): Map<string, StoredRecord> {
    const held = this.#held.get(id) ?? new Map<string, StoredRecord>();
    this.#held.set(id, held);
    return held;
  }

  #applied(index: number, record: StoredRecord, held: Held): void {
    this.#options.note(index, () => `applied ${told(record)}`);
    this.#checkWritten(index, record, held);
    const disk = this.disk(index);
    const { live } = disk;
    if (!this.#isAhead(record)) disk.newest = Math.max(disk.newest, record.hlc);
    const peak = live.get(record.key);
    raise(live, record);
    if (peak === undefined || !isOlder(record, peak)) return;
    // Who lost its past may bring a tombstone that is older than the one that was forgotten: the key stays deleted.
    if (this.#options.losesPast && record.value === null && peak.value === null) return;
    const { key } = splitKey(record.key);
    if (peak.value === null && this.#isOfStrangers(index, record, peak)) {
      this.#excused.add(key);
      return;
    }
    const invariant = peak.value === null ? 'resurrected' : 'went back';
    const detail = `${told(record)} on node ${String(index)} that had ${told(peak)}`;
    this.#options.fail(new Violation(invariant, detail, { nodes: [index], key }));
  }

  /** No delete is remembered for those of whom nobody has heard, once nobody is looked for any more. */
  #isOfStrangers(index: number, record: StoredRecord, tombstone: StoredRecord): boolean {
    const purgedMs = this.#purgedMs.get(`${String(index)} ${record.key}`);
    const [writtenMs = 0, deletedMs = Infinity] = [record, tombstone].map((one) => this.#writtenMs.get(writeId(one)));
    if (purgedMs === undefined || purgedMs - deletedMs < rememberedMs) return false;
    const id = this.#options.idOf(index);
    return (
      this.acquaintances.wasSettled(id, purgedMs) && this.acquaintances.wereStrangers(record.writer, id, writtenMs)
    );
  }

  #checkWritten(index: number, record: StoredRecord, held: Held): void {
    const id = writeId(record);
    const original = this.#writes.get(id);
    if (original !== undefined) {
      if (isForged(record, original)) this.#nobody(index, record);
      return;
    }
    // Its writer has it first.
    if (record.writer !== this.#options.idOf(index)) this.#nobody(index, record);
    this.#writes.set(id, record);
    this.#writtenMs.set(id, this.#options.nowMs());
    this.#before.set(id, held.before);
    this.#checkClock(index, record, held.newest);
    this.#versions.set(versionOf(record), id);
    raise(this.#largest, record);
    const value = valueOf(record);
    if (value === undefined) return;
    const carrier = this.#carriers.get(value);
    this.#carriers.set(value, id);
    if (carrier === undefined) return;
    const detail = `value ${String(value)} was written as ${carrier} and as ${id}`;
    this.#options.fail(new Violation('executed twice', detail, { nodes: [index], key: splitKey(record.key).key }));
  }

  /** A write is later than all that its writer has seen, and than what it wrote in former lives. */
  #checkClock(index: number, record: StoredRecord, newest: number): void {
    if (this.#isAhead(record)) this.#ahead.add(writeId(record));
    const former = this.disk(index)
      .foundOf(record.writer)
      .filter((each) => !this.#ahead.has(writeId(each)));
    const latest = Math.max(newest, ...former.map(({ hlc }) => hlc));
    if (record.hlc > latest) return;
    const detail = `${told(record)} on node ${String(index)} that had seen ${String(latest)}`;
    this.#options.fail(new Violation('clock went back', detail, { nodes: [index], key: splitKey(record.key).key }));
  }

  #isAhead({ hlc }: StoredRecord): boolean {
    return wallOf(hlc) > this.#options.wallMs() + followedMs;
  }

  #nobody(index: number, record: StoredRecord): void {
    const detail = `${told(record)} on node ${String(index)}`;
    this.#options.fail(new Violation('nobody wrote', detail, { nodes: [index], key: splitKey(record.key).key }));
  }
}

/** Another value or expiry than was written; one that expired has none. */
function isForged(record: StoredRecord, original: StoredRecord): boolean {
  if (record.value === null) return original.value !== null && original.expiresAt === 0;
  return original.value === null || record.expiresAt !== original.expiresAt || valueOf(record) !== valueOf(original);
}
