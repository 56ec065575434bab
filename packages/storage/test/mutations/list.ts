import type { BrokenRule } from '@simpledht/mutations';

/** One broken rule of packages/storage/src, and the classes of runs that should notice. Without a patch the simulation breaks it. */
export interface Mutation extends BrokenRule {
  /** Further arguments of the simulation. */
  readonly args?: readonly string[];
  readonly classes: readonly string[];
}

/** In histories this short the time for which a tombstone stays at the least hides that it was purged too early. */
const noQuiet = {
  file: 'upkeep.ts',
  search: 'return clockAt(wallMs - this.#context.settings.tombstoneQuietMs);',
  replacement: 'return clockAt(wallMs - 0 * this.#context.settings.tombstoneQuietMs);',
};

export const mutations: readonly Mutation[] = [
  {
    rule: 'a watermark advances over a gap',
    file: 'origin-cover.ts',
    search: 'if (from <= this.watermark) {',
    replacement: 'if (from <= to) {',
    classes: ['classic'],
    quick: true,
  },
  {
    rule: 'a covered record is applied',
    file: 'receiving.ts',
    search: 'if (taken.has(record)) return !vector.covers(record.origin, record.seq);',
    replacement: 'if (taken.has(record)) return true;',
    classes: ['purge', 'members'],
    quick: true,
  },
  {
    rule: 'an answer leaves before the flush',
    args: ['--leaves-early'],
    classes: ['disk'],
    quick: true,
  },
  {
    rule: 'the order has no writer in it',
    file: 'record-order.ts',
    search: 'return compareText(a.writer, b.writer) || valueRank(a)',
    replacement: 'return valueRank(a)',
    classes: ['classic'],
    quick: true,
  },
  {
    rule: 'tombstones are purged by time alone',
    file: 'upkeep.ts',
    search: 'const frontier = this.#stability.frontier(members, now);',
    replacement: 'const frontier = clockAt(now.wallMs - 1_000);',
    also: [
      {
        file: 'upkeep.ts',
        search: 'return passed && this.#stability.coveredDot(members, origin, seq);',
        replacement: 'return passed && seq > 0 && origin.length > 0;',
      },
    ],
    classes: ['purge', 'mortal'],
    quick: true,
  },
  {
    rule: 'a tombstone is purged before everyone covers what everyone had written',
    file: 'stability.ts',
    search: 'if (!isCovered(this.#candidate)) return this.hlc;',
    replacement: 'if (!isCovered(this.#candidate)) return (this.hlc = report.hlc);',
    also: [noQuiet],
    classes: ['mortal', 'volatile', 'mixed', 'torn', 'clone', 'clocks'],
  },
  {
    rule: 'members that are down do not hold the purge back',
    file: 'stability.ts',
    search: 'return isRoomy && monotonicMs - peer.downSinceMs < graceMs;',
    replacement: 'return isRoomy && monotonicMs < graceMs - graceMs;',
    classes: ['purge', 'disk'],
  },
  {
    rule: 'what a peer purged is never dropped',
    file: 'reconcile.ts',
    search: 'if (floors.mayHaveDeleted(record, before, vector)) deleted.push(record);',
    replacement: 'if (record.seq < 0 && floors.mayHaveDeleted(record, before, vector)) deleted.push(record);',
    classes: ['away'],
  },
  {
    rule: 'what a peer covers and lacks is dropped without a missed tombstone',
    file: 'reconcile.ts',
    search: 'if (floors.mayHaveDeleted(record, before, vector)) deleted.push(record);',
    replacement: 'deleted.push(record);',
    also: [{ file: 'reconcile.ts', search: 'if (floors.size === 0) return [];', replacement: '' }],
    classes: ['away', 'damage', 'mixed'],
  },
  {
    rule: 'a repair trusts absence',
    file: 'map-reader.ts',
    search: "if (this.#purpose !== 'repair') local.drop(deletedAtPeer(theirs, local, this.#before));",
    replacement: 'local.drop(repairDeletes(theirs, local));',
    also: [
      {
        file: 'map-reader.ts',
        search: 'const allBuckets: Uint8Array = new Uint8Array(0);',
        replacement: `const allBuckets: Uint8Array = new Uint8Array(0);
function repairDeletes({ page, vector }: PeerPage, local: ReplicaContext['local']): StoredRecord[] {
  const keys = new Set(page.records.map(({ key }) => key));
  return [...local.store.range()].filter((one) => !keys.has(one.key) && vector.covers(one.origin, one.seq));
}`,
      },
    ],
    classes: ['damage'],
    quick: true,
  },
  {
    rule: 'deltas cross a floor',
    file: 'anti-entropy.ts',
    search: 'peer.behind = local.joined && local.floors',
    replacement: 'peer.behind = !local.joined && local.floors',
    also: [
      { file: 'anti-entropy.ts', search: 'behind: isCurrent &&', replacement: 'behind: isCurrent === undefined &&' },
    ],
    classes: ['away'],
  },
  {
    rule: 'the vector is adopted before the pages are complete',
    file: 'map-reader.ts',
    search: 'if (page.done) return this.#finish(server, page);',
    replacement: 'if (page.done || !this.#context.local.joined) return this.#finish(server, page);',
    classes: ['volatile', 'members'],
  },
  {
    rule: 'a catch-up claims the vector of its last page',
    file: 'map-reader.ts',
    search: 'VersionVector.from(page.vector) : former.minimum(theirs);',
    replacement: 'VersionVector.from(page.vector) : VersionVector.from(page.vector);',
    classes: ['volatile', 'members', 'away'],
  },
  {
    rule: 'an expired record is dropped outright',
    file: 'local-map.ts',
    search: 'this.store.apply({ records: tombstones });',
    replacement: 'this.store.apply({ removed: tombstones.map(({ key }) => key) });',
    also: [
      {
        file: 'local-map.ts',
        search:
          "for (const [index, tombstone] of tombstones.entries()) this.#replaced(tombstone, records[index], 'expired');",
        replacement: 'for (const record of records) this.content.replace(record, undefined);',
      },
    ],
    classes: ['ttl'],
  },
  {
    rule: 'the tombstone of an expired record is purged before its time is over everywhere',
    file: 'upkeep.ts',
    search: 'const passed = expiresAt === 0 || clockAt(expiresAt + settings.maxClockAheadMs) < frontier;',
    replacement: 'const passed = settings.maxClockAheadMs > expiresAt - expiresAt;',
    also: [noQuiet],
    classes: ['ttl', 'mixed'],
  },
  {
    rule: 'a process goes on under the origin of the last one',
    file: 'origin-keeper.ts',
    search: 'const own = this.#state.vector.openOwn(origin);',
    replacement: `const { id } = this.#options;
    const former = [...this.#state.vector.origins()].filter((each) => each.startsWith(id)).sort().at(-1);
    origin = former ?? origin;
    const own = this.#state.vector.openOwn(origin);`,
    classes: ['torn', 'clone'],
  },
  {
    rule: 'the clock begins at zero after a restart',
    file: 'map-state.ts',
    search: 'new HybridClock(state?.ceiling ?? 0,',
    replacement: 'new HybridClock(0 * (state?.ceiling ?? 0),',
    classes: ['disk'],
  },
  {
    rule: 'a clock that is far ahead is followed',
    file: 'clock.ts',
    search: 'if (hlc > now + this.#maxAhead) return false;',
    replacement: 'if (hlc > now + 1_000 * this.#maxAhead) return false;',
    classes: ['clocks'],
  },
  {
    rule: 'nothing is counted anew: damage stays',
    file: 'repair.ts',
    search: 'local.recounted(figures);',
    replacement: 'if (figures.live < 0) local.recounted(figures);',
    also: [
      {
        file: 'map-state.ts',
        search: 'isKept && isCounted(state, store)',
        replacement: 'isKept && (isCounted(state, store) || true)',
      },
    ],
    classes: ['damage'],
  },
  {
    rule: 'a retired origin is forgotten: its dots count as new',
    file: 'origin-keeper.ts',
    search: 'vector.retire(retired);',
    replacement: 'vector.retire(retired);\n    vector.retired.delete(retired);',
    classes: ['mixed', 'clone'],
  },
];
