import type { Covered, Delta, Origin } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import { DeltaBuilder } from './delta.ts';
import type { Span } from './origin-cover.ts';
import type { Peer } from './peer.ts';
import { VersionVector } from './version-vector.ts';

/** What a range weighs in a window, bytes: a delta without records must not be free. */
const rangeBytes = 32;

/** Peers that lack the same span of the own origin: one delta, encoded once, serves all. */
interface Group {
  readonly span: Span;
  readonly peers: Peer[];
}

/**
 * Brings peers what they lack, by one kind of message: own writes to everyone as they happen, and foreign ones to those
 * whom anti-entropy found behind.
 *
 * 1. At most a window of bytes per peer is unanswered, one delta more at the most.
 * 2. A delta speaks only for what this node covers: what is missing in its ranges was overwritten.
 * 3. A peer that fails is left alone until it has told its vector again.
 * 4. No range leads from below a floor across it: who may have missed a purged tombstone reads pages before it covers
 *    what came after.
 */
export class Replication {
  readonly #context: ReplicaContext;
  /** The smallest `accountedBytes` of the peers that take part; `undefined` without any. */
  #slowest: number | undefined;

  constructor(context: ReplicaContext) {
    this.#context = context;
  }

  /** Written here and not yet sent to the slowest peer. */
  get unsentBytes(): number {
    return this.#slowest === undefined ? 0 : this.#context.local.writtenBytes - this.#slowest;
  }

  /** Sends what windows allow. */
  push(nowMs: number): void {
    const open = this.#context.peers.partners().filter((peer) => isOpen(peer, nowMs));
    const { origin, overtaken, batches } = this.#context.local;
    if (origin !== '') {
      this.#pushOwn(origin, open);
      const coveredByAll = overtaken.isEmpty && batches.isEmpty ? 0 : this.#coveredByAll(origin);
      overtaken.drop(origin, coveredByAll);
      batches.drop(origin, coveredByAll);
    }
    for (const peer of open) if (peer.owed.size > 0) this.#pay(peer);
    this.#slowest = open.length === 0 ? undefined : Math.min(...open.map((peer) => peer.accountedBytes));
  }

  /** From now on the peer is owed what it lacks of foreign origins, up to `limit` of each. */
  owe(peer: Peer, limit: (origin: Origin) => number): void {
    const { local } = this.#context;
    peer.owed.clear();
    for (const origin of local.vector.origins()) {
      if (origin === local.origin) continue;
      const lacked = local.vector.get(origin)?.firstLackedBy(peer.known.get(origin));
      const highest = lacked === undefined ? 0 : limit(origin);
      if (lacked !== undefined && lacked.from < highest) peer.owed.set(origin, highest);
    }
  }

  /** Lets go of what was noted of foreign origins and everyone has; now and then. */
  forgetOvertaken(): void {
    const { overtaken } = this.#context.local;
    for (const origin of [...overtaken.origins()]) overtaken.drop(origin, this.#coveredByAll(origin));
  }

  answered(peer: Peer, exchange: number, { joining, unsettled, vector }: Covered, nowMs: number): void {
    peer.unsettled = unsettled;
    const ranges = peer.inFlight.get(exchange)?.ranges ?? [];
    if (joining) this.#arrivedAtJoining(peer, exchange);
    else if (peer.joining) this.#joinIsOver(peer, exchange);
    peer.arrived(exchange, VersionVector.from(vector));
    this.#confirm(peer);
    if (joining || ranges.every(({ origin, to }) => peer.known.covers(origin, to))) peer.tookAll(exchange);
    else this.failed(peer, exchange, nowMs);
  }

  /** Deltas that were lost together run into their time limits one by one: they are one failure. */
  failed(peer: Peer, exchange: number, nowMs: number): void {
    const { counters, exchanges } = this.#context;
    peer.lost(exchange);
    counters.failures += 1;
    if (!peer.isOldNews(exchange)) peer.pause(nowMs + this.#pauseMs(peer), exchanges.newest);
  }

  #confirm(peer: Peer): void {
    const { origin, sequence } = this.#context.local;
    if (origin !== '') peer.confirm(origin, sequence);
  }

  /** A joining peer covers nothing yet, but what it was sent it holds: it is not sent again. */
  #arrivedAtJoining(peer: Peer, exchange: number): void {
    peer.joining = true;
    const own = this.#context.local.origin;
    for (const { origin, to } of peer.inFlight.get(exchange)?.ranges ?? []) {
      if (origin === own) peer.skipTo(origin, to);
    }
  }

  #joinIsOver(peer: Peer, exchange: number): void {
    peer.joining = false;
    peer.lost(exchange);
  }

  #pauseMs({ failures }: Peer): number {
    const { retryMinMs, retryMaxMs } = this.#context.settings;
    return Math.min(retryMaxMs, retryMinMs * 2 ** failures) * (0.75 + this.#context.random() / 2);
  }

  #pushOwn(origin: Origin, open: readonly Peer[]): void {
    for (let groups = this.#groups(origin, open); groups.length > 0; groups = this.#groups(origin, open)) {
      for (const { span, peers } of groups) {
        this.#sendOwn(origin, span, peers);
      }
    }
  }

  #sendOwn(origin: Origin, { from, to }: Span, peers: readonly Peer[]): void {
    const { local } = this.#context;
    const { builder, reached } = this.#collect(origin, { from, to });
    const isWhole = reached === local.sequence;
    const hasDead = builder.records.length < reached - from;
    this.#send(builder, peers);
    for (const peer of peers) {
      peer.sendOwn({ from, to: reached }, isWhole, hasDead);
      this.#account(peer, isWhole ? Infinity : builder.bytes);
    }
  }

  /** What fits of a span of the own origin, and no part of a batch: that leaves whole, alone if it must. */
  #collect(origin: Origin, span: Span): { readonly builder: DeltaBuilder; readonly reached: number } {
    const { local, settings } = this.#context;
    const overtaken = local.overtaken.within(origin, span.from, span.to);
    const cover = local.vector.get(origin);
    const add = (to: number, maxBytes: number): { readonly builder: DeltaBuilder; readonly reached: number } => {
      const builder = new DeltaBuilder(local.store, maxBytes);
      return { builder, reached: builder.add(origin, { from: span.from, to }, overtaken, cover) };
    };
    const fitting = add(span.to, settings.deltaBytes);
    const divided = fitting.reached < span.to ? local.batches.around(origin, fitting.reached) : undefined;
    if (divided === undefined) return fitting;
    return divided.from > span.from ? add(divided.from, settings.deltaBytes) : add(divided.to, Infinity);
  }

  /** Up to where every member has covered the own origin, whether it can be reached or not; 0 when there are none. */
  #coveredByAll(origin: Origin): number {
    let least: number | undefined;
    for (const { known } of this.#context.peers.all()) {
      least = Math.min(least ?? Infinity, known.watermark(origin));
    }
    return least ?? 0;
  }

  #groups(origin: Origin, open: readonly Peer[]): Group[] {
    const groups: Group[] = [];
    const cover = this.#context.local.vector.get(origin);
    for (const peer of open) {
      if (cover === undefined || !this.#hasRoom(peer)) continue;
      const span = cover.firstLackedBy(peer.offered.get(origin), this.#floorFor(peer, origin));
      if (span === undefined) this.#account(peer, Infinity);
      // What cannot be offered is not sent, or it would be sent for ever.
      else if (peer.offered.admits(origin, span)) joinGroup(groups, span, peer);
    }
    return groups;
  }

  #pay(peer: Peer): void {
    while (this.#hasRoom(peer) && peer.owed.size > 0) {
      const builder = this.#builder();
      for (const [origin, limit] of peer.owed) {
        this.#payOrigin(builder, peer, origin, limit);
        if (builder.isFull) break;
      }
      if (builder.ranges.length > 0) this.#send(builder, [peer]);
    }
  }

  #payOrigin(builder: DeltaBuilder, peer: Peer, origin: Origin, limit: number): void {
    const { vector, overtaken } = this.#context.local;
    const cover = vector.get(origin);
    let after = this.#floorFor(peer, origin);
    while (!builder.isFull) {
      const span = cover?.firstLackedBy(peer.offered.get(origin), after);
      if (span === undefined || span.from >= limit) {
        peer.owed.delete(origin);
        return;
      }
      const to = Math.min(span.to, limit);
      after = builder.add(origin, { from: span.from, to }, overtaken.within(origin, span.from, to), cover);
    }
  }

  /** Where ranges for a peer that is below a floor begin; 0 for no restriction. */
  #floorFor(peer: Peer, origin: Origin): number {
    const { floors, vector } = this.#context.local;
    const floor = floors.get(origin);
    return floor !== undefined && floors.isOriginMissedBy(origin, peer.known, vector) ? floor.seq : 0;
  }

  #send(builder: DeltaBuilder, peers: readonly Peer[]): void {
    const { ranges, records, bytes } = builder;
    const { counters, exchanges } = this.#context;
    const message: Delta = { kind: 'delta', ranges, records };
    const numbers = exchanges.send(
      message,
      peers.map((peer) => ({ kind: 'delta', peer })),
    );
    for (const [index, peer] of peers.entries())
      peer.send(numbers[index] ?? 0, { ranges, bytes: bytes + ranges.length * rangeBytes });
    counters.deltasSent += peers.length;
    counters.recordsSent += records.length * peers.length;
  }

  #builder(): DeltaBuilder {
    return new DeltaBuilder(this.#context.local.store, this.#context.settings.deltaBytes);
  }

  #hasRoom(peer: Peer): boolean {
    return peer.inFlightBytes < this.#context.settings.windowBytes;
  }

  #account(peer: Peer, bytes: number): void {
    peer.accountedBytes = Math.min(this.#context.local.writtenBytes, peer.accountedBytes + bytes);
  }
}

function isOpen(peer: Peer, nowMs: number): boolean {
  return !peer.silent && (peer.retryAtMs === undefined || peer.retryAtMs <= nowMs);
}

function joinGroup(groups: Group[], span: Span, peer: Peer): void {
  const group = groups.find((candidate) => candidate.span.from === span.from && candidate.span.to === span.to);
  if (group === undefined) groups.push({ span, peers: [peer] });
  else group.peers.push(peer);
}
