import type { BrokenInClusters } from './broken-in-clusters.ts';

/** Of the store and what brings its records to others. */
export const ofStorage: readonly BrokenInClusters[] = [
  {
    rule: 'the smaller version wins',
    file: 'storage/src/local-map.ts',
    search: 'held !== undefined && compareRecords(record, held) <= 0',
    replacement: 'held !== undefined && compareRecords(record, held) >= 0',
    quick: true,
  },
  {
    rule: 'what comes later wins, whatever its version',
    file: 'storage/src/local-map.ts',
    search: 'held !== undefined && compareRecords(record, held) <= 0',
    replacement: 'held !== undefined && compareRecords(record, held) === 0',
  },
  {
    rule: 'the order has no writer in it',
    file: 'storage/src/record-order.ts',
    search: 'return compareText(a.writer, b.writer) || valueRank(a)',
    replacement: 'return valueRank(a)',
  },
  {
    rule: 'a watermark advances over a gap',
    file: 'storage/src/origin-cover.ts',
    search: 'if (from <= this.watermark) {',
    replacement: 'if (from <= to) {',
  },
  {
    rule: 'tombstones are purged by time alone',
    draw: { nodes: 3, faults: ['partition'] },
    file: 'storage/src/upkeep.ts',
    search: 'const frontier = this.#stability.frontier(members, now);',
    replacement: 'const frontier = clockAt(now.wallMs - 3_000);',
    also: [
      {
        file: 'storage/src/upkeep.ts',
        search: 'return passed && this.#stability.coveredDot(members, origin, seq);',
        replacement: 'return passed && seq > 0 && origin.length > 0;',
      },
      {
        file: 'storage/src/upkeep.ts',
        search: 'return clockAt(wallMs - this.#context.settings.tombstoneQuietMs);',
        replacement: 'return clockAt(wallMs - 3_000);',
      },
    ],
  },
  {
    rule: "a peer's delete leaves no tombstone",
    file: 'storage/src/local-map.ts',
    search: 'this.store.apply({ records: winners });',
    replacement: `const gone = winners.filter(({ value }) => value === null).map(({ key }) => key);
    this.store.apply({ records: winners.filter(({ value }) => value !== null), removed: gone });`,
  },
  {
    rule: 'an expired record is dropped outright',
    file: 'storage/src/local-map.ts',
    search: 'this.store.apply({ records: tombstones });',
    replacement: 'this.store.apply({ removed: tombstones.map(({ key }) => key) });',
    also: [
      {
        file: 'storage/src/local-map.ts',
        search:
          "for (const [index, tombstone] of tombstones.entries()) this.#replaced(tombstone, records[index], 'expired');",
        replacement: 'for (const record of records) this.content.replace(record, undefined);',
      },
    ],
  },
  {
    rule: 'a range is covered though not all of its records were taken',
    file: 'storage/src/receiving.ts',
    search: 'local.merge(this.#valid(fresh, peer, now));\n    // A loose',
    replacement: 'local.merge(this.#valid(fresh.slice(0, 4), peer, now));\n    // A loose',
  },
  {
    rule: 'a record from a peer never expires',
    file: 'storage/src/receiving.ts',
    search: 'const valid = records.filter(isStorable);',
    replacement: 'const valid = records.filter(isStorable).map((record) => ({ ...record, expiresAt: 0 }));',
  },
  {
    rule: 'each member counts as holding a write',
    file: 'storage/src/acknowledgements.ts',
    search: '!peer.quarantined && peer.heldTo(local.origin) >= seq',
    replacement: '!peer.quarantined && peer.heldTo(local.origin) >= seq - seq',
  },
  {
    rule: 'a member that covers the last write of a batch counts as holding all of it',
    file: 'storage/src/peer.ts',
    search: 'return Math.min(this.#heldLimit, this.known.watermark(origin));',
    replacement: 'return Math.min(this.#heldLimit, this.known.get(origin)?.top ?? 0);',
  },
  {
    rule: 'what was sent counts as held',
    file: 'storage/src/peer.ts',
    search: 'return Math.min(this.#heldLimit, this.known.watermark(origin));',
    replacement: 'return Math.min(this.#heldLimit, this.offered.watermark(origin));',
  },
  {
    rule: 'what a peer lacks of others is never brought',
    file: 'storage/src/anti-entropy.ts',
    search: 'if (serve) this.#replication.owe(peer, (origin) => this.#limit(origin, asked));',
    replacement: 'if (serve) this.#replication.owe(peer, (origin) => Math.min(0, this.#limit(origin, asked)));',
  },
  {
    rule: 'vectors are never compared',
    file: 'storage/src/anti-entropy.ts',
    search: 'if (peer !== undefined) this.ask(peer, true, now);\n    this.#settled',
    replacement: 'if (peer?.up === false) this.ask(peer, true, now);\n    this.#settled',
  },
  {
    rule: 'who has found nobody yet forgets deletes',
    file: 'storage/src/stability.ts',
    search: 'this.#isUnsettled(members) || this.#mayBeOthers(now)',
    replacement: 'this.#isUnsettled(members) || (now.monotonicMs < 0 && this.#mayBeOthers(now))',
  },
  {
    rule: 'a delta that failed counts as arrived',
    file: 'storage/src/peer.ts',
    search: 'this.#land(exchange);\n    this.#offerAgain();',
    replacement:
      'for (const range of this.inFlight.get(exchange)?.ranges ?? []) this.known.cover(range.origin, range);\n    this.#land(exchange);',
  },
  {
    rule: 'the clock learns nothing from what is heard',
    file: 'storage/src/clock.ts',
    search: 'this.#adopt(hlc, now);\n    return true;',
    replacement: 'return now >= 0;',
  },
  {
    rule: 'the clock begins at zero after a restart',
    file: 'storage/src/map-state.ts',
    search: 'new HybridClock(state?.ceiling ?? 0,',
    replacement: 'new HybridClock(0 * (state?.ceiling ?? 0),',
  },
  {
    rule: 'the sum forgets what was overwritten',
    file: 'storage/src/content-sum.ts',
    search: 'this.remove(previous, hash);',
    replacement: 'if (hash === undefined) this.remove(previous, hash);',
  },
  {
    rule: 'a process goes on under the origin of the last one',
    file: 'storage/src/origin-keeper.ts',
    search: 'const own = this.#state.vector.openOwn(origin);',
    replacement: `const { id } = this.#options;
    const former = [...this.#state.vector.origins()].filter((each) => each.startsWith(id)).sort().at(-1);
    origin = former ?? origin;
    const own = this.#state.vector.openOwn(origin);`,
  },
  {
    rule: 'a node is ready before it has caught up',
    file: 'storage/src/readiness.ts',
    search: 'if (done.some((peer) => peer.ready)) return true;',
    replacement: 'if (done.length >= 0) return true;',
  },
  {
    rule: 'a node is ready at once',
    file: 'storage/src/readiness.ts',
    search: 'if (isJoined && this.#isOver(awaited)) this.#becomeReady(now);',
    replacement: 'if (isJoined || !this.#isOver(awaited)) this.#becomeReady(now);',
  },
];
