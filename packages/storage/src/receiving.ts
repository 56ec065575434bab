import type { Covered, Delta, DeltaRange, NodeId, Origin, StoredRecord } from '@simpledht/wire';
import type { Instant } from '@simpledht/wire';
import { wallOf } from './clock.ts';
import type { ReplicaContext } from './context.ts';
import { isStorable } from './record-order.ts';
import type { VersionVector } from './version-vector.ts';

/** Clock notices are for people: one in this many ms is enough. */
const noticeEveryMs = 10_000;

/**
 * Takes records from peers in.
 *
 * 1. A record whose dot is covered is ignored: each dot is applied at most once.
 * 2. A range is taken whole or not at all; when the vector has no room for it, its records are dropped unapplied.
 * 3. An invalid record is left out and its dot is covered with its range: nothing behind it gets stuck.
 */
export class Receiving {
  readonly #context: ReplicaContext;
  readonly #onRolledBack: () => void;
  #nextNoticeMs = 0;

  constructor(context: ReplicaContext, onRolledBack: () => void) {
    this.#context = context;
    this.#onRolledBack = onRolledBack;
  }

  /** `live` is what came during a join; it is covered for good when the pages are complete. */
  delta(delta: Delta, live: VersionVector | undefined, peer: NodeId | undefined, now: Instant): Covered {
    const { local, counters } = this.#context;
    counters.deltasReceived += 1;
    const { ranges, invalid = [] } = delta;
    if (invalid.length > 0) this.invalid(invalid.length, peer);
    if (ranges.some(({ origin, to }) => origin === local.origin && to > local.sequence)) this.#onRolledBack();
    const vector = live ?? local.vector;
    const taken = ranges.filter((range) => vector.admits(range.origin, range));
    counters.refusedRanges += ranges.length - taken.length;
    local.merge(this.#sift(delta, taken.length === ranges.length ? undefined : new Set(taken), vector, peer, now));
    for (const range of taken) {
      if (live === undefined) local.cover(range.origin, range);
      else live.cover(range.origin, range);
    }
    return { kind: 'covered', joining: live !== undefined, vector: live === undefined ? this.#entries(ranges) : [] };
  }

  /** Merges records that say nothing about coverage: pages and repairs. */
  loose(records: readonly StoredRecord[], peer: NodeId | undefined, now: Instant): void {
    this.#context.local.merge(this.#valid(records, peer, now));
  }

  /** Leaves out what is covered, invalid or of a range that was refused. */
  #sift(
    { ranges, records }: Delta,
    taken: ReadonlySet<DeltaRange> | undefined,
    vector: VersionVector,
    ...[peer, now]: [NodeId | undefined, Instant]
  ): StoredRecord[] {
    let range: DeltaRange | undefined;
    const fresh = records.filter((record) => {
      if (range === undefined || !isWithin(record, range)) range = ranges.find((other) => isWithin(record, other));
      // A record of no range is a repair: it is merged whatever is covered.
      if (range === undefined) return true;
      if (taken !== undefined && !taken.has(range)) return false;
      return !vector.covers(record.origin, record.seq);
    });
    this.#context.counters.ignored += records.length - fresh.length;
    return this.#valid(fresh, peer, now);
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

function isWithin({ origin, seq }: StoredRecord, range: DeltaRange): boolean {
  return origin === range.origin && seq > range.from && seq <= range.to;
}
