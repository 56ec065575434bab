import type { Covered, Delta, DeltaRange, NodeId, Origin, StoredRecord } from '@simpledht/wire';
import type { Instant } from '@simpledht/wire';
import { wallOf } from './clock.ts';
import type { ReplicaContext } from './context.ts';
import { RangeIndex } from './range-index.ts';
import { isStorable } from './record-order.ts';
import type { VersionVector } from './version-vector.ts';

/** Clock notices are for people: one in this many ms is enough. */
const noticeEveryMs = 10_000;
/** Loose records taken from one delta: more than any sender puts in. */
const maxLoose = 4_096;
/** Of the limits for local writes, how much more is held for the others' sake. */
const overfull = 2;

/**
 * Takes records from peers in.
 *
 * 1. A record whose dot is covered is ignored: each dot is applied at most once.
 * 2. A range is taken whole or not at all; when the vector has no room for it, its records are dropped unapplied.
 * 3. Loose records beyond as many as a sender has are ignored: they are work and cover nothing.
 * 4. A loose record that is covered is taken only over one that is held, and if no tombstone that is purged here can have
 *    deleted it.
 * 5. Records from peers are taken beyond the limits of local writes, up to twice as many: refusing single ones would make
 *    replicas differ. Then nothing is taken until there is room.
 * 6. An invalid record is left out and its dot is covered with its range: nothing behind it gets stuck.
 */
export class Receiving {
  readonly #context: ReplicaContext;
  readonly #onRolledBack: (now: Instant) => void;
  #nextNoticeMs = 0;
  #isPaused = false;

  constructor(context: ReplicaContext, onRolledBack: (now: Instant) => void) {
    this.#context = context;
    this.#onRolledBack = onRolledBack;
  }

  /** `live` is what came during a join; it is covered for good when the pages are complete. */
  delta(delta: Delta, live: VersionVector | undefined, peer: NodeId | undefined, now: Instant): Covered {
    const { local, counters } = this.#context;
    counters.deltasReceived += 1;
    const { ranges, invalid = [] } = delta;
    if (invalid.length > 0) this.invalid(invalid.length, peer);
    if (ranges.some(({ origin, to }) => origin === local.origin && to > local.sequence)) this.#onRolledBack(now);
    const vector = live ?? local.vector;
    const taken: DeltaRange[] = [];
    const refused: DeltaRange[] = [];
    // Opened at once: what is left of the room counts for the next range.
    for (const range of ranges) {
      // Nobody but this process covers more of its origin.
      if (range.origin === local.origin && range.to > local.sequence) {
        refused.push(range);
        continue;
      }
      const isKnown = range.to <= vector.watermark(range.origin);
      const hasRoom = isKnown || (vector.admits(range.origin, range) && vector.open(range.origin) !== undefined);
      (hasRoom ? taken : refused).push(range);
    }
    const index = { taken: new RangeIndex(taken), refused: new RangeIndex(refused) };
    // Once for the delta, if at all: there may be thousands of floors, and of loose records.
    let highestHlc: number | undefined;
    const mayReturn = ({ key, hlc }: StoredRecord): boolean =>
      local.store.get(key) !== undefined && hlc > (highestHlc ??= local.floors.highestHlc);
    const fresh = sift(delta.records, index, vector, mayReturn);
    counters.ignored += delta.records.length - fresh.length;
    local.merge(this.#valid(fresh, peer, now));
    // A loose record is held from now on: with its dot covered it is brought to others, and purged when it is deleted.
    for (const record of fresh) if (!index.taken.has(record)) this.#coverDot(record, live);
    counters.refusedRanges += refused.length;
    for (const range of taken) {
      const isCovered = live === undefined ? local.cover(range.origin, range) : live.cover(range.origin, range);
      // Intervals that fitted one by one, and not together: what was merged of them is held without being covered.
      if (!isCovered) counters.refusedRanges += 1;
      else if (range.more !== undefined) local.unsettled.note(range.origin, range.to, range.more, now.monotonicMs);
      local.unsettled.settle(range.origin, vector.get(range.origin));
    }
    const answer = { kind: 'covered', from: local.id, unsettled: local.unsettled.size > 0 } as const;
    if (live !== undefined) return { ...answer, joining: true, vector: [] };
    return { ...answer, joining: false, vector: this.#entries(ranges) };
  }

  #coverDot({ origin, seq }: StoredRecord, live: VersionVector | undefined): void {
    const dot = { from: seq - 1, to: seq };
    if (live !== undefined) live.cover(origin, dot);
    else if (!this.#context.local.vector.covers(origin, seq)) this.#context.local.cover(origin, dot);
  }

  /** More is held than may be: nothing is taken from peers. */
  get isPaused(): boolean {
    const { local, settings, outbox } = this.#context;
    const { size, bytes } = local.store;
    const isFull = size >= settings.maxKeys * overfull || bytes >= settings.maxStoreBytes * overfull;
    if (isFull === this.#isPaused) return isFull;
    this.#isPaused = isFull;
    outbox.notice(isFull ? { type: 'sync-paused', keys: size, bytes } : { type: 'sync-resumed' });
    return isFull;
  }

  /** The answer to a delta that is not taken: the sender leaves this replica alone for a while. */
  refused({ ranges }: Delta): Covered {
    const { local, counters } = this.#context;
    counters.refusedRanges += ranges.length;
    const unsettled = local.unsettled.size > 0;
    return {
      kind: 'covered',
      from: local.id,
      joining: false,
      unsettled,
      vector: local.joined ? this.#entries(ranges) : [],
    };
  }

  /** Merges what a repair found at a peer. Its dots are covered as those of loose records are: the owner may be gone for good. */
  mended(records: readonly StoredRecord[], peer: NodeId | undefined, now: Instant): void {
    const valid = this.#valid(records, peer, now);
    this.#context.local.merge(valid);
    for (const record of valid) this.#coverDot(record, undefined);
  }

  /** Merges records that say nothing about coverage: pages. */
  loose(records: readonly StoredRecord[], peer: NodeId | undefined, now: Instant): void {
    this.#context.local.merge(this.#valid(records, peer, now));
  }

  #valid(records: readonly StoredRecord[], peer: NodeId | undefined, now: Instant): StoredRecord[] {
    const { clock } = this.#context.local;
    const valid = records.filter(isStorable);
    for (const record of valid) if (!clock.observe(record.hlc, now.wallMs)) this.#tooFarAhead(record, now);
    if (valid.length < records.length) this.invalid(records.length - valid.length, peer);
    return valid;
  }

  invalid(count: number, peer: NodeId | undefined): void {
    this.#context.counters.invalidRecords += count;
    this.#context.outbox.notice({ type: 'invalid-records', peer, count });
  }

  #tooFarAhead({ hlc, writer }: StoredRecord, { monotonicMs, wallMs }: Instant): void {
    this.#context.counters.clocksAhead += 1;
    if (monotonicMs < this.#nextNoticeMs) return;
    this.#nextNoticeMs = monotonicMs + noticeEveryMs;
    this.#context.outbox.notice({ type: 'clock-ahead', writer, aheadMs: wallOf(hlc) - wallMs });
  }

  #entries(ranges: readonly DeltaRange[]): Covered['vector'] {
    const origins = new Set<Origin>(ranges.map(({ origin }) => origin));
    return Array.from(origins, (origin) => this.#context.local.vector.entry(origin));
  }
}

/** Leaves out what is covered, of a range that was refused, or loose and too much. */
function sift(
  records: readonly StoredRecord[],
  { taken, refused }: { taken: RangeIndex; refused: RangeIndex },
  vector: VersionVector,
  mayReturn: (record: StoredRecord) => boolean,
): StoredRecord[] {
  let loose = 0;
  return records.filter((record) => {
    if (taken.has(record)) return !vector.covers(record.origin, record.seq);
    if (refused.has(record)) return false;
    loose += 1;
    return loose <= maxLoose && (!vector.covers(record.origin, record.seq) || mayReturn(record));
  });
}
