import { limits, type NodeId, type Origin } from '@simpledht/wire';
import type { Span } from './origin-cover.ts';
import { StableClock, type Report } from './stability.ts';
import { VersionVector } from './version-vector.ts';

/** A delta on its way: what it speaks for and what it weighs. */
export interface InFlight {
  readonly ranges: readonly (Span & { readonly origin: Origin })[];
  readonly bytes: number;
}

/** A peer that fails is tried at least this often before a replica that joins goes on without it. */
const minTries = 3;

/** Offers may hold as many origins and intervals as both sides and the window together; all three are bounded. */
const offerBounds = { maxOrigins: 2 * limits.maxOrigins + 1, maxIntervals: Infinity };

/**
 * What this replica knows of another, and what it has sent it. There is no queue: what the peer still has to get is what
 * the own vector covers and `offered` does not, read from the store when the window has room, so that a slow peer gets
 * each key's latest state and costs no memory.
 *
 * 1. `known` is what the peer said that it holds durably, `offered` is `known` and what is in flight.
 * 2. A failed delta takes its ranges back out of `offered`: they will be sent again.
 * 3. Nothing is pushed to a `silent` peer, whose vector is not known: a digest comes first.
 * 4. To cover an own number is to hold it, except above `#heldLimit`: only what is held is acknowledged.
 */
export class Peer {
  readonly id: NodeId;
  up = false;
  silent = true;
  /** The peer's own words: its first sync is over. */
  ready = false;
  /** It reads pages now and covers nothing: it wants live writes only. */
  joining = false;
  /** Known from a former life of this node only. */
  remembered = false;
  /** Its store outlives its process. */
  durable = false;
  /** It may have missed tombstones that were purged here: it reads pages, and wants live writes only. */
  behind = false;
  /** It covers what it may not hold (see Unsettled): its word is not enough to purge. */
  unsettled = false;
  /** It says that this node may have missed tombstones: its map has to be read. */
  saysBehind = false;
  /** Its clock is too far off: it is not synced with. */
  quarantined = false;
  /** Since when it is down, monotonic ms; `undefined` until that is asked for when a former life of this node met it. */
  downSinceMs: number | undefined;
  /** Under which it writes now; '' when it has not. */
  origin: Origin | '' = '';
  /** What it said last of its clock and its own writes, while it was ready; for Stability. */
  report: Report | undefined;
  readonly stable: StableClock = new StableClock();
  /** When it last told its vector, monotonic ms. */
  learntAtMs: number = -Infinity;
  known: VersionVector = new VersionVector();
  offered: VersionVector = new VersionVector(offerBounds);
  /** Foreign origins that this node has to bring to the peer, each up to a number. Bounded like the vector. */
  readonly owed: Map<Origin, number> = new Map<Origin, number>();
  /** By exchange. Bounded by the window. */
  readonly inFlight: Map<number, InFlight> = new Map<number, InFlight>();
  inFlightBytes = 0;
  /** `writtenBytes` of the local map up to which the peer was sent what was written. */
  accountedBytes = 0;
  /** Failures since something last got through; sets the pause. */
  failures = 0;
  /** Monotonic ms before which nothing more is tried. */
  retryAtMs: number | undefined;
  /** Since when it fails to answer digests or to bring pages, monotonic ms, and how often it did; see `givenUpAtMs`. */
  failingSinceMs: number | undefined;
  failedTries = 0;
  /** A page failed: an answer to a digest does not make up for that. */
  #failsPages = false;
  /** What the peer had when it was last asked while this node was not ready; the exchange is over when that is covered. */
  goal: VersionVector | undefined;
  /** The last comparison found both equal. */
  synced = false;
  /** Comparisons in a row that found equal vectors and different contents. */
  differing = 0;
  /**
   * Own numbers above this are covered by the peer and yet not surely held: a delta was cut between a write and the one
   * that overwrote it. Lifted when it covers `#wholeAt`.
   */
  #heldLimit = Infinity;
  /** The end of the last delta that reached the newest own write; Infinity when a cut one followed. */
  #wholeAt = Infinity;
  /** Requests up to this number were sent before the peer last failed, or before one that it took: see `isOldNews`. */
  #excusedTo = 0;

  constructor(id: NodeId, nowMs: number | undefined) {
    this.id = id;
    this.downSinceMs = nowMs;
  }

  /** Deltas go to it and come from it. */
  get isPartner(): boolean {
    return this.up && !this.quarantined;
  }

  /** Takes what the peer says of itself, in place of what was known: a wiped peer holds less than before. */
  learn(vector: VersionVector): void {
    this.known = vector;
    this.silent = false;
    if (!this.#failsPages) this.#answers();
    this.#offerAgain();
  }

  /** Up to which own write the peer holds all. */
  heldTo(origin: Origin): number {
    return Math.min(this.#heldLimit, this.known.watermark(origin));
  }

  /** A delta of own writes leaves: up to the newest one, or cut before it, without dead numbers or with some. */
  sendOwn({ from, to }: Span, isWhole: boolean, hasDead: boolean): void {
    if (isWhole) this.#wholeAt = to;
    else if (hasDead) {
      this.#heldLimit = Math.min(this.#heldLimit, from);
      this.#wholeAt = Infinity;
    }
  }

  /** What the peer covers of the own origin has changed; `newest` is the number of the newest own write. */
  confirm(origin: Origin, newest: number): void {
    if (this.known.watermark(origin) >= Math.min(newest, this.#wholeAt)) this.#heldLimit = Infinity;
  }

  send(exchange: number, delta: InFlight): void {
    this.inFlight.set(exchange, delta);
    this.inFlightBytes += delta.bytes;
    for (const range of delta.ranges) this.offered.cover(range.origin, range);
  }

  /** The delta was answered, and `covered` is what the peer holds of its origins now. */
  arrived(exchange: number, covered: VersionVector): void {
    this.#land(exchange);
    this.known.coverAll(covered);
    this.offered.coverAll(covered);
  }

  /** The delta was not answered or not taken: it may have arrived or not. */
  lost(exchange: number): void {
    this.#land(exchange);
    this.#offerAgain();
  }

  /** Counts everything that exists of an origin as offered: only what comes now is sent. */
  skipTo(origin: Origin, seq: number): void {
    this.offered.cover(origin, { from: 0, to: seq });
  }

  /** A digest or a page failed: counted against the patience of a replica that joins. */
  failedToServe(nowMs: number, isPage: boolean): void {
    this.failingSinceMs ??= nowMs;
    this.failedTries += 1;
    this.#failsPages ||= isPage;
  }

  /** A page brought something. */
  servedPage(): void {
    this.failures = 0;
    this.#answers();
  }

  /** When it may be given up, monotonic ms; `undefined` for not at all: it answers, or said that it is ready. */
  givenUpAtMs(patienceMs: number): number | undefined {
    if (this.ready || !this.silent || this.failedTries < minTries) return undefined;
    return this.failingSinceMs === undefined ? undefined : this.failingSinceMs + patienceMs;
  }

  /** What it was sent, it took. */
  tookAll(exchange: number): void {
    this.failures = 0;
    this.#excusedTo = Math.max(this.#excusedTo, exchange);
  }

  /** Whether the failure of a request tells nothing new: it is of an outage that is known already, or over. */
  isOldNews(exchange: number): boolean {
    return exchange <= this.#excusedTo;
  }

  /** `newest` is the number of the newest request that was sent to anybody. */
  pause(untilMs: number, newest: number): void {
    this.failures += 1;
    this.#excusedTo = newest;
    this.retryAtMs = untilMs;
    this.silent = true;
    this.owed.clear();
  }

  /** The link is gone, and all that was on it. What the peer holds durably it still holds. */
  disconnect(nowMs: number): void {
    if (this.up) this.downSinceMs = nowMs;
    this.up = false;
    this.silent = true;
    this.synced = false;
    this.differing = 0;
    this.saysBehind = false;
    this.goal = undefined;
    this.retryAtMs = undefined;
    this.failures = 0;
    this.#answers();
    this.owed.clear();
    this.inFlight.clear();
    this.inFlightBytes = 0;
  }

  #answers(): void {
    this.failingSinceMs = undefined;
    this.failedTries = 0;
    this.#failsPages = false;
  }

  #land(exchange: number): void {
    this.inFlightBytes -= this.inFlight.get(exchange)?.bytes ?? 0;
    this.inFlight.delete(exchange);
  }

  #offerAgain(): void {
    this.offered = new VersionVector(offerBounds);
    this.offered.coverAll(this.known);
    for (const { ranges } of this.inFlight.values()) {
      for (const range of ranges) this.offered.cover(range.origin, range);
    }
  }
}
