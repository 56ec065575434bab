import { limits, type Page, type PageRequest, type StoredRecord, type VectorEntry } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import { retiredEntries } from './metadata.ts';
import { isInBuckets } from './recount.ts';
import { recordBytes } from './record-order.ts';

/** Largest page that is served whatever is asked, bytes: a page is made in one turn. */
const maxPageBytes = 1_048_576;
/** Records looked at for one page of some buckets: a page may hold few or none, but ends. */
const maxLooked = 20_000;
/** Of the largest message: for the rest of a page, and for a key whose bytes are more than its units. */
const spareBytes = 8_192;
/** An entry of a vector without intervals, an interval, and a floor, at the most, bytes. */
const entryBytes = 40;
const intervalBytes = 16;

/** Ends of pages that are remembered: a few joiners' worth. */
const maxEnds = 64;

/**
 * Where pages ended that were served, so that one that is asked for ahead begins there without a walk over those before
 * it. A wrong end (records came and went) only makes a page that the asker asks for again.
 */
export class PageEnds {
  readonly #ends = new Map<string, string>();

  note(request: PageRequest, after: string, reached: string): void {
    if (request.buckets.length > 0) return;
    this.#ends.set(nameOf(request, after), reached);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > maxEnds && oldest !== undefined) this.#ends.delete(oldest);
  }

  /** The same request with as many pages left out as are known. */
  ahead(request: PageRequest): PageRequest {
    let { after, skip } = request;
    while (skip > 0) {
      const end = request.buckets.length > 0 ? undefined : this.#ends.get(nameOf(request, after));
      if (end === undefined) break;
      after = end;
      skip -= 1;
    }
    return { ...request, after, skip };
  }
}

function nameOf({ maxBytes }: PageRequest, after: string): string {
  return `${String(maxBytes)} ${after}`;
}

/** Answers a page request: records in key order from after a key, some pages left out. */
export function servePage({ local, counters }: ReplicaContext, request: PageRequest, ends: PageEnds): Page {
  const { records, bytes, after, reached, done } = collect(local.store, ends.ahead(request));
  if (!done) ends.note(request, after, reached);
  counters.pagesServed += 1;
  const floors = local.floors.all();
  const retired = request.after === '' && request.skip === 0 ? retiredEntries(local.vector.retired) : [];
  const otherBytes = (floors.length + retired.length) * entryBytes + spareBytes;
  const vector = local.joined ? fitting(local.vector.entries(), limits.maxMessageBytes - bytes - otherBytes) : [];
  return { kind: 'page', vector, floors, retired, total: local.store.size, after, reached, records, done };
}

interface Span {
  readonly records: StoredRecord[];
  readonly bytes: number;
  readonly after: string;
  readonly reached: string;
  readonly done: boolean;
}

/** One walk for all: the pages that are left out end where they would have ended had they been asked for. */
function collect(store: ReplicaContext['local']['store'], request: PageRequest): Span {
  const maxBytes = Math.min(request.maxBytes, maxPageBytes);
  let { after, skip } = request;
  let reached = after;
  let records: StoredRecord[] = [];
  let bytes = 0;
  let looked = 0;
  // Of all pages together: those that are left out cost as much.
  const budget = Math.ceil(maxLooked / (skip + 1));
  for (const record of store.range(after === '' ? {} : { gt: after })) {
    const isWanted = isInBuckets(request.buckets, record.key);
    // Once: a stored record makes its value at each reading.
    const size = isWanted ? recordBytes(record) : 0;
    const isOver = isWanted && records.length > 0 && bytes + size > maxBytes;
    if (isOver || looked === budget) {
      if (skip === 0) return { records, bytes, after, reached, done: false };
      skip -= 1;
      after = reached;
      records = [];
      bytes = 0;
      looked = 0;
    }
    looked += 1;
    reached = record.key;
    if (!isWanted) continue;
    records.push(record);
    bytes += size;
  }
  return { records, bytes, after, reached, done: true };
}

/**
 * As much of a vector as fits beside the largest of records: without intervals, and then without some origins. Who
 * joins claims less by that, and is brought the rest.
 */
function fitting(entries: VectorEntry[], maxBytes: number): VectorEntry[] {
  const intervals = entries.reduce((sum, entry) => sum + entry.intervals.length, 0);
  if (entries.length * entryBytes + intervals * intervalBytes <= maxBytes) return entries;
  const few = entries.slice(0, Math.max(0, Math.floor(maxBytes / entryBytes)));
  return few.map(({ origin, watermark }) => ({ origin, watermark, intervals: [] }));
}
