import type { Buckets, Instant } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';
import type { MapReader } from './map-reader.ts';
import type { Peer } from './peer.ts';
import { differingBuckets, Recount } from './recount.ts';
import { Settling } from './settling.ts';

/** Records counted in one turn while a comparison waits for it, and otherwise. */
const hurriedRecords = 2_048;
const calmRecords = 256;
/** Pause between two turns of counting while a comparison waits for it, ms. */
const breatherMs = 1;
/** Between two such turns otherwise: a million records in an hour, a thousandth of a core. */
const calmIntervalMs = 1_000;
/** How often a peer that is still counting is asked again. */
const maxAsks = 20;

/**
 * Counts the own map anew for ever, slowly, and compares the sums of buckets with a peer that covers the same and yet
 * holds something else; what differs is read from the peer.
 *
 * 1. Absence at a peer never deletes anything here: both sides read, so that both end with the larger records.
 * 2. When counting anew gives other figures than expected, the store lost or changed records; the figures are corrected,
 *    and then they differ from the peers'.
 */
export class Repair {
  readonly #context: ReplicaContext;
  readonly #reader: MapReader;
  #recount: Recount | undefined;
  #nextCountMs: number | undefined;
  /** The peer to compare with, and when to ask it, monotonic ms; `undefined` while its answer is awaited. */
  #peer: Peer | undefined;
  #askAtMs: number | undefined;
  #asks = 0;
  #sums: Uint8Array | undefined;
  /** Sums of somebody else are waited for until then, monotonic ms. */
  #wantedUntilMs = 0;
  #nextRepairMs = 0;
  readonly #settling: Settling;

  constructor(context: ReplicaContext, reader: MapReader) {
    this.#context = context;
    this.#settling = new Settling(context);
    this.#reader = reader;
  }

  deadline(): number | undefined {
    const askAtMs = Math.min(this.#askAtMs ?? Infinity, this.#settling.dueMs(this.#nextRepairMs) ?? Infinity);
    if (this.#context.local.store.size === 0) return askAtMs;
    return Math.min(this.#nextCountMs ?? Infinity, askAtMs);
  }

  tick(now: Instant): void {
    if (this.#askAtMs !== undefined && this.#askAtMs <= now.monotonicMs) this.#ask(now);
    if ((this.#settling.dueMs(this.#nextRepairMs) ?? Infinity) <= now.monotonicMs) this.#settle(now);
    if (this.#nextCountMs !== undefined && this.#nextCountMs <= now.monotonicMs) this.#count(now);
  }

  /** Ends a turn: there may be something to count now. */
  schedule(now: Instant): void {
    // Memory loses nothing, and to walk a memory store in order costs it an index: it counts only when somebody asks.
    if (!this.#context.local.store.durable) return;
    this.#nextCountMs ??= now.monotonicMs + this.#context.settings.recountIntervalMs;
  }

  /** Begins to compare with a peer, unless that runs or ran a while ago. False when it does not begin. */
  begin(peer: Peer, now: Instant): boolean {
    if (this.#peer !== undefined || now.monotonicMs < this.#nextRepairMs) return false;
    this.#nextRepairMs = now.monotonicMs + this.#context.settings.repairIntervalMs;
    this.#context.counters.repairs += 1;
    this.#peer = peer;
    this.#asks = 0;
    this.#sums = undefined;
    this.#ask(now);
    this.#hurry(now);
    return true;
  }

  /** A peer's buckets that differed were read to the end. */
  repaired(peer: Peer): void {
    this.#settling.compared(peer);
  }

  #settle(now: Instant): void {
    const peer = this.#settling.next(now);
    if (peer === undefined || !this.begin(peer, now))
      this.#nextRepairMs = now.monotonicMs + this.#context.settings.retryMinMs;
  }

  /** A peer asks for the sums of this replica's buckets. */
  answer(now: Instant): Buckets {
    if (this.#recount?.isDone === true) return { kind: 'buckets', sums: this.#recount.sums() };
    this.#wantedUntilMs = now.monotonicMs + this.#context.settings.repairIntervalMs;
    this.#hurry(now);
    return { kind: 'buckets', sums: new Uint8Array(0) };
  }

  answered(peer: Peer, { sums }: Buckets, now: Instant): void {
    if (peer !== this.#peer) return;
    if (sums.length === 0) {
      this.#askAtMs = now.monotonicMs + this.#context.settings.retryMinMs;
      return;
    }
    this.#sums = sums;
    this.#compare();
  }

  /** The peer did not answer or went away. */
  cut(peer: Peer): void {
    if (peer === this.#peer) this.#peer = undefined;
  }

  #ask(now: Instant): void {
    this.#askAtMs = undefined;
    const peer = this.#peer;
    this.#asks += 1;
    if (peer === undefined || this.#asks > maxAsks || !peer.isPartner) this.#peer = undefined;
    else this.#context.exchanges.send({ kind: 'bucket-request' }, [{ kind: 'buckets', peer }]);
    if (this.#peer !== undefined) this.#hurry(now);
  }

  #compare(): void {
    if (this.#peer === undefined || this.#sums === undefined || this.#recount?.isDone !== true) return;
    const peer = this.#peer;
    const buckets = differingBuckets(this.#recount.sums(), this.#sums);
    this.#peer = undefined;
    this.#sums = undefined;
    // Something else is read just now: the next comparison begins anew.
    if (buckets === undefined) this.#settling.compared(peer);
    else if (!this.#reader.repair(peer, buckets)) this.#nextRepairMs = 0;
  }

  #hurry(now: Instant): void {
    if (this.#recount?.isDone !== true) this.#nextCountMs = now.monotonicMs + breatherMs;
  }

  #count(now: Instant): void {
    const { local } = this.#context;
    const isHurried = this.#peer !== undefined || now.monotonicMs < this.#wantedUntilMs;
    const { recountIntervalMs } = this.#context.settings;
    if (this.#recount?.isDone === true) {
      this.#nextCountMs = now.monotonicMs + recountIntervalMs;
      // The sums stay while somebody compares them.
      if (isHurried) return;
      this.#recount = undefined;
      local.content.follower = undefined;
      if (!local.store.durable) {
        this.#nextCountMs = undefined;
        return;
      }
    }
    if (this.#recount === undefined) {
      this.#recount = new Recount();
      local.content.follower = this.#recount;
    }
    const isDone = this.#recount.advance(local.store, isHurried ? hurriedRecords : calmRecords);
    this.#nextCountMs = now.monotonicMs + (isDone ? recountIntervalMs : isHurried ? breatherMs : calmIntervalMs);
    if (!isDone) return;
    this.#finish(this.#recount);
    this.#compare();
  }

  #finish({ figures }: Recount): void {
    const { local, counters, outbox } = this.#context;
    counters.recounts += 1;
    const { content } = local;
    const isRight = figures.high === content.high && figures.low === content.low && figures.live === content.live;
    if (isRight && figures.tombstones === content.tombstones) return;
    outbox.notice({ type: 'damaged', expected: content.live, found: figures.live });
    local.recounted(figures);
  }
}
