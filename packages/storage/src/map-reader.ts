import {
  compareKeys,
  limits,
  type Instant,
  type Origin,
  type Page,
  type PageRequest,
  type StoredRecord,
} from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import { Floors } from './floors.ts';
import type { Peer } from './peer.ts';
import type { Receiving } from './receiving.ts';
import { deletedAtPeer, wantedOf, type PeerPage } from './reconcile.ts';
import { recordBytes } from './record-order.ts';
import { replicaBounds, VersionVector } from './version-vector.ts';

const allBuckets: Uint8Array = new Uint8Array(0);

/** What a page that came was: the last one, one of use, one that led nowhere, or one that nobody waits for any more. */
export type PageOutcome = 'joined' | 'caught-up' | 'repaired' | 'read' | 'stuck' | 'late';

/**
 * Reads a peer's map, page by page in key order: to join, when this replica is empty; to catch up, when it was away for
 * longer than tombstones are kept; or to repair, the buckets that differ.
 *
 * 1. A page goes on from the last key reached, so a cut is resumed where it happened, at the same or another peer.
 * 2. A join or catch-up claims the pointwise minimum of the vectors that came with the pages: each key was read at that
 *    vector or a later one, whoever served it. (A server's vector only grows, so its first page's counts.) And it takes
 *    the maximum of the floors.
 * 3. While joining nothing is covered. Live writes are merged, and what they span is remembered in `live`.
 * 4. A repair claims nothing.
 * 5. Only the page that goes on from `#after` is taken: a late one, of before a cut, is ignored.
 * 6. `#before` is what was covered when the reading began: whoever covered less than a floor then may have missed a
 *    tombstone, whatever arrived meanwhile.
 */
export class MapReader {
  /** Spans and single dots that came beyond the pages' vector. Bounded like every vector. */
  live: VersionVector = new VersionVector(replicaBounds);
  readonly #context: ReplicaContext;
  readonly #receiving: Receiving;
  #server: Peer | undefined;
  #purpose: 'join' | 'catch-up' | 'repair' = 'join';
  /** Exchanges of the pages that are on their way, in key order, and those of them that came too early. */
  #out: number[] = [];
  readonly #early = new Map<number, Page>();
  #after = '';
  #buckets = allBuckets;
  #claim: VersionVector | undefined;
  #floors = new Floors();
  #before = new VersionVector(replicaBounds);
  /** Retired origins as the first page told them. */
  #retired: Page['retired'] = [];
  #retiredThere = new Map<Origin, number>();
  #records = 0;
  #bytes = 0;
  /** Pages in a row that went on from elsewhere. */
  #misses = 0;
  #nextCatchUpMs = -Infinity;
  #pauseMs = 0;
  /** Records that no claim may speak for: of a join that a former process began, or of a server that is gone. */
  #hasLeftovers: boolean;

  constructor(context: ReplicaContext, receiving: Receiving) {
    this.#context = context;
    this.#receiving = receiving;
    this.#hasLeftovers = !context.local.joined && context.local.store.size > 0;
  }

  /** The peer whose pages are read now. */
  get server(): Peer | undefined {
    return this.#server;
  }

  /** A peer says that tombstones were missed, and its map is not read to the end yet. */
  get isCatchingUp(): boolean {
    if (!this.#context.local.joined) return false;
    if (this.#purpose === 'catch-up' && this.#server !== undefined) return true;
    return this.#context.peers.partners().some(({ saysBehind }) => saysBehind);
  }

  /** Begins to join, or goes on after a cut. */
  join(server: Peer): void {
    if (this.#purpose !== 'join') this.#restart('join');
    this.#pull(server);
  }

  /** Begins to catch up, or goes on after a cut; not while something else is read. */
  catchUp(server: Peer, now: Instant): void {
    if (this.#server !== undefined) return;
    if (this.#purpose !== 'catch-up') {
      if (!this.#mayCatchUp(now)) return;
      this.#restart('catch-up');
      this.#before.coverAll(this.#context.local.vector);
      this.#before.takeRetired(this.#context.local.vector);
      this.#context.counters.catchUps += 1;
      this.#context.outbox.notice({ type: 'catching-up', peer: server.id });
    }
    this.#pull(server);
  }

  /** One after the other only with growing pauses: reading a whole map must never become a storm. */
  #mayCatchUp({ monotonicMs }: Instant): boolean {
    const { digestIntervalMs, digestMaxIntervalMs } = this.#context.settings;
    if (monotonicMs < this.#nextCatchUpMs) return false;
    const isCalm = monotonicMs > this.#nextCatchUpMs + digestMaxIntervalMs;
    this.#pauseMs = isCalm ? digestIntervalMs : Math.min(digestMaxIntervalMs, this.#pauseMs * 2);
    this.#nextCatchUpMs = monotonicMs + this.#pauseMs;
    return true;
  }

  /** Reads these buckets. False when something else is read. */
  repair(server: Peer, buckets: Uint8Array): boolean {
    if (this.#server !== undefined || !this.#context.local.joined || this.isCatchingUp) return false;
    this.#restart('repair');
    this.#buckets = buckets;
    this.#pull(server);
    return true;
  }

  received(exchange: number, page: Page, now: Instant): PageOutcome {
    const server = this.#server;
    if (server === undefined || !this.#out.includes(exchange)) return 'late';
    if (exchange !== this.#out[0]) {
      this.#early.set(exchange, page);
      return 'read';
    }
    return this.#next(server, page, now);
  }

  /** The server went away. A join waits for it or for another and keeps what it has read; a repair is given up. */
  cut(server: Peer): void {
    if (server !== this.#server) return;
    this.#stop();
    if (this.#purpose === 'repair') this.#restart('join');
  }

  /** A page was not answered. */
  failed(exchange: number): void {
    if (this.#server !== undefined && this.#out.includes(exchange)) this.cut(this.#server);
  }

  /** There is nothing to read anywhere, or nobody to read from: what came so far is all there is. */
  finishEmpty(): void {
    const isRead = this.#claim !== undefined;
    this.#restart('join');
    const nothing = new VersionVector();
    if (this.#hasLeftovers || isRead)
      for (const record of this.#context.local.store.range()) this.#remember(record, nothing);
    this.#hasLeftovers = false;
    this.#context.local.adopt(this.live);
    this.live = new VersionVector(replicaBounds);
  }

  #pull(server: Peer): void {
    this.#server = server;
    while (this.#out.length < this.#context.settings.pagesAhead) this.#request(server);
  }

  #request(server: Peer): void {
    const maxBytes = this.#context.settings.pageBytes;
    const skip = this.#out.length;
    const request: PageRequest = { kind: 'page-request', after: this.#after, maxBytes, skip, buckets: this.#buckets };
    this.#out.push(...this.#context.exchanges.send(request, [{ kind: 'page', peer: server }]));
  }

  #next(server: Peer, page: Page, now: Instant): PageOutcome {
    this.#out.shift();
    if (page.after !== this.#after) return this.#astray(server);
    this.#misses = 0;
    // More than may be held: what comes on has to wait.
    if (this.#receiving.isPaused) {
      this.cut(server);
      return 'stuck';
    }
    if (!page.done && compareKeys(page.reached, this.#after) <= 0) {
      this.cut(server);
      return 'stuck';
    }
    server.servedPage();
    this.#context.counters.pagesPulled += 1;
    this.#after = page.reached;
    if (!page.done) this.#request(server);
    try {
      this.#take(page, server, now);
    } catch (error) {
      // The store is full or broken: the page counts as not come.
      this.#after = page.after;
      this.cut(server);
      throw error;
    }
    if (page.done) return this.#finish(server, page);
    return this.#takeEarly(server, now);
  }

  #takeEarly(server: Peer, now: Instant): PageOutcome {
    const [first = -1] = this.#out;
    const page = this.#early.get(first);
    if (page === undefined) return 'read';
    this.#early.delete(first);
    return this.#next(server, page, now);
  }

  /** Writes moved the ends of pages that were asked for ahead; a page that was not asked for ahead never goes astray. */
  #astray(server: Peer): PageOutcome {
    this.#misses += 1;
    if (this.#misses > 1) {
      this.#misses = 0;
      this.cut(server);
      return 'stuck';
    }
    this.#out = [];
    this.#early.clear();
    this.#pull(server);
    return 'read';
  }

  #take(page: Page, server: Peer, now: Instant): void {
    const { local } = this.#context;
    const { invalid = [] } = page;
    if (invalid.length > 0) this.#receiving.invalid(invalid.length, server.id);
    const theirs = this.#describe(page);
    if (this.#purpose !== 'repair') local.drop(deletedAtPeer(theirs, local, this.#before));
    const wanted = wantedOf(theirs, local);
    if (this.#purpose === 'repair') this.#receiving.mended(wanted, server.id, now);
    else this.#receiving.loose(wanted, server.id, now);
    if (this.#purpose === 'repair') return;
    for (const floor of page.floors) this.#floors.raise(floor);
    this.#narrow(page, theirs.vector);
    if (this.#claim !== undefined) for (const record of page.records) this.#remember(record, this.#claim);
    if (!local.joined) this.#progress(page);
  }

  /** What a page that was read before brought may be beyond a narrower claim: it is held, and has to be covered. */
  #narrow(page: Page, theirs: VersionVector): void {
    const former = this.#claim;
    this.#claim = former === undefined ? VersionVector.from(page.vector) : former.minimum(theirs);
    if (former !== undefined && !this.#claim.includes(former)) this.#hasLeftovers = true;
  }

  #describe(page: Page): PeerPage {
    if (page.retired.length > 0) {
      this.#retired = page.retired;
      this.#retiredThere = new Map(page.retired.map(({ origin, watermark }) => [origin, watermark]));
    }
    const vector = VersionVector.from(page.vector, undefined, this.#retiredThere);
    return { page, vector, floors: new Floors(page.floors) };
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

  #finish(server: Peer, page: Page): PageOutcome {
    const purpose = this.#purpose;
    const { local } = this.#context;
    this.#stop();
    if (purpose !== 'repair' && this.#claim !== undefined) {
      if (this.#hasLeftovers) for (const record of local.store.range()) this.#remember(record, this.#claim);
      this.#hasLeftovers = false;
      for (const { origin, watermark } of this.#retired) local.origins.retireTo(origin, watermark);
      local.adopt(this.#claim, this.#floors.all());
      local.adopt(this.live);
    }
    this.live = new VersionVector(replicaBounds);
    this.#restart('join');
    server.saysBehind = false;
    // What the server had at the last page: with that covered, the first sync is over.
    if (purpose === 'join') server.goal = VersionVector.from(page.vector);
    return purpose === 'join' ? 'joined' : purpose === 'repair' ? 'repaired' : 'caught-up';
  }

  #stop(): void {
    this.#server = undefined;
    this.#out = [];
    this.#early.clear();
  }

  #restart(purpose: 'join' | 'catch-up' | 'repair'): void {
    this.#purpose = purpose;
    this.#after = '';
    this.#buckets = allBuckets;
    this.#claim = undefined;
    this.#floors = new Floors();
    this.#before = new VersionVector({ ...replicaBounds, maxOrigins: limits.maxOrigins });
    this.#retired = [];
    this.#retiredThere = new Map();
    this.#records = 0;
    this.#bytes = 0;
  }
}
