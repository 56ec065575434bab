import {
  compareKeys,
  limits,
  type Instant,
  type Page,
  type PageRequest,
  type StoredRecord,
  type VectorEntry,
} from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { Peer } from './peer.ts';
import type { Receiving } from './receiving.ts';
import { recordBytes } from './record-order.ts';
import { replicaBounds, VersionVector } from './version-vector.ts';

/** Largest page that is served whatever is asked, bytes: a page is made in one turn. */
const maxPageBytes = 1_048_576;
/** Of the largest message: for the rest of a page, and for a key whose bytes are more than its units. */
const spareBytes = 4_096;
/** An entry of a vector without intervals, and an interval, at the most, bytes. */
const entryBytes = 40;
const intervalBytes = 16;

/** Answers a page request: records in key order from after a key. */
export function servePage({ local, counters }: ReplicaContext, { after, maxBytes }: PageRequest): Page {
  const records: StoredRecord[] = [];
  let bytes = 0;
  let done = true;
  for (const record of local.store.range(after === '' ? {} : { gt: after })) {
    if (records.length > 0 && bytes + recordBytes(record) > Math.min(maxBytes, maxPageBytes)) {
      done = false;
      break;
    }
    records.push(record);
    bytes += recordBytes(record);
  }
  counters.pagesServed += 1;
  const vector = local.joined ? fitting(local.vector.entries(), limits.maxMessageBytes - bytes - spareBytes) : [];
  return { kind: 'page', vector, floors: [], total: local.store.size, records, done };
}

/**
 * As much of a vector as fits beside the largest of records: without intervals, and then without some origins. Who
 * joins claims less by that, and is brought the rest.
 */
function fitting(entries: VectorEntry[], maxBytes: number): VectorEntry[] {
  const intervals = entries.reduce((sum, entry) => sum + entry.intervals.length, 0);
  if (entries.length * entryBytes + intervals * intervalBytes <= maxBytes) return entries;
  const few = entries.slice(0, Math.floor(maxBytes / entryBytes));
  return few.map(({ origin, watermark }) => ({ origin, watermark, intervals: [] }));
}

/**
 * Reads a peer's whole map, page by page in key order: to join, when this replica is empty, or to repair.
 *
 * 1. A page asks from after the last key received, so a cut is resumed where it happened, at the same or another peer.
 * 2. A join claims the pointwise minimum of the vectors that came with the pages: each key was read at that vector or a
 *    later one, whoever served it. (A server's vector only grows, so its first page's counts.)
 * 3. Until then nothing is covered. Live writes are merged, and what they span is remembered in `live`.
 * 4. A repair claims nothing.
 * 5. One page is asked for at a time, and only its answer counts: a late one, of before a cut, is ignored.
 */
export class Joining {
  /** Spans and single dots that came beyond the pages' vector. Bounded like every vector. */
  live: VersionVector = new VersionVector(replicaBounds);
  readonly #context: ReplicaContext;
  readonly #receiving: Receiving;
  #server: Peer | undefined;
  /** The exchange of the page that is on its way. */
  #exchange: number | undefined;
  #after = '';
  #claim: VersionVector | undefined;
  #records = 0;
  #bytes = 0;
  #nextRepairMs = 0;

  constructor(context: ReplicaContext, receiving: Receiving) {
    this.#context = context;
    this.#receiving = receiving;
  }

  /** The peer whose pages are read now. */
  get server(): Peer | undefined {
    return this.#server;
  }

  /** Begins, or goes on after a cut. */
  pull(server: Peer): void {
    this.#server = server;
    this.#request(server);
  }

  /** Begins a repair, unless one runs or ran a while ago. False when it does not begin. */
  repair(server: Peer, now: Instant): boolean {
    if (this.#server !== undefined || now.monotonicMs < this.#nextRepairMs) return false;
    this.#nextRepairMs = now.monotonicMs + this.#context.settings.repairIntervalMs;
    this.#context.counters.repairs += 1;
    this.#context.local.recount();
    this.#after = '';
    this.pull(server);
    return true;
  }

  /** A page came: the last one of a join, one of use, one that led nowhere, or one that nobody waits for any more. */
  received(exchange: number, page: Page, now: Instant): 'joined' | 'read' | 'stuck' | 'late' {
    const server = this.#server;
    if (server === undefined || exchange !== this.#exchange) return 'late';
    const last = page.records.at(-1)?.key;
    const isForward = last !== undefined && (this.#after === '' || compareKeys(last, this.#after) > 0);
    if (!isForward && !page.done) {
      this.cut(server);
      return 'stuck';
    }
    server.servedPage();
    this.#context.counters.pagesPulled += 1;
    this.#take(page, server, now);
    if (last !== undefined) this.#after = last;
    if (page.done) return this.#finish(server, page) ? 'joined' : 'read';
    this.#request(server);
    return 'read';
  }

  /** The server went away. A join waits for it or for another and keeps what it has read; a repair is given up. */
  cut(server: Peer): void {
    if (server !== this.#server) return;
    this.#server = undefined;
    this.#exchange = undefined;
  }

  /** A page was not answered. */
  failed(exchange: number): void {
    if (this.#server !== undefined && exchange === this.#exchange) this.cut(this.#server);
  }

  /** There is nothing to read anywhere, or nobody to read from: what came so far is all there is. */
  finishEmpty(): void {
    this.#after = '';
    this.#claim = undefined;
    this.#context.local.adopt(this.live);
    this.live = new VersionVector(replicaBounds);
  }

  #request(server: Peer): void {
    const maxBytes = this.#context.settings.pageBytes;
    const request: PageRequest = { kind: 'page-request', after: this.#after, maxBytes };
    [this.#exchange] = this.#context.exchanges.send(request, [{ kind: 'page', peer: server }]);
  }

  #take(page: Page, server: Peer, now: Instant): void {
    const { invalid = [] } = page;
    if (invalid.length > 0) this.#receiving.invalid(invalid.length, server.id);
    this.#receiving.loose(page.records, server.id, now);
    if (this.#context.local.joined) return;
    const vector = VersionVector.from(page.vector);
    this.#claim = this.#claim === undefined ? vector : this.#claim.minimum(vector);
    for (const record of page.records) this.#remember(record, this.#claim);
    this.#progress(page);
  }

  /** A record beyond the claim is held all the same: its dot is covered, so that it is brought to others as well. */
  #remember({ origin, seq }: StoredRecord, claim: VersionVector): void {
    if (!claim.covers(origin, seq)) this.live.cover(origin, { from: seq - 1, to: seq });
  }

  #progress({ records, total, done }: Page): void {
    this.#records += records.length;
    for (const record of records) this.#bytes += recordBytes(record);
    const share = done ? 1 : Math.min(1, this.#records / Math.max(1, total));
    this.#context.outbox.notice({ type: 'progress', records: this.#records, bytes: this.#bytes, share });
  }

  #finish(server: Peer, page: Page): boolean {
    this.cut(server);
    this.#after = '';
    const { local } = this.#context;
    if (local.joined || this.#claim === undefined) return false;
    local.adopt(this.#claim);
    local.adopt(this.live);
    this.#claim = undefined;
    this.live = new VersionVector(replicaBounds);
    // What the server had at the last page: with that covered, the first sync is over.
    server.goal = VersionVector.from(page.vector);
    return true;
  }
}
