import type { BrokenRule } from '@simpledht/mutations';

/** Of the store and what brings its records to others. */
const ofStorage: readonly BrokenRule[] = [
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
    rule: 'a node is ready at once',
    file: 'storage/src/readiness.ts',
    search: 'if (isJoined && this.#isOver(awaited)) this.#becomeReady(now);',
    replacement: 'if (isJoined || !this.#isOver(awaited)) this.#becomeReady(now);',
  },
];

/** Of packets, links and messages. */
const ofTransport: readonly BrokenRule[] = [
  {
    rule: 'a repeated request is executed again',
    file: 'transport/src/link/link.ts',
    search: 'if (this.#receivedRequests.isFinished(requestId)) {',
    replacement: 'if (requestId < 0) {',
  },
  {
    rule: 'a repeated packet is taken again, and so is the request in it',
    file: 'transport/src/link/link.ts',
    search: "if (this.#acknowledger.isRepeated(packetNumber)) return 'repeated';",
    replacement: '',
    also: [
      {
        file: 'transport/src/link/link.ts',
        search: 'if (this.#receivedRequests.isFinished(requestId)) {',
        replacement: 'if (requestId < 0) {',
      },
    ],
  },
  {
    rule: 'what is lost is not sent again',
    file: 'transport/src/link/send-queue.ts',
    search: 'if (piece.acknowledged || piece.queued) return false;',
    replacement: 'if (piece.acknowledged || !piece.queued) return false;',
  },
  {
    rule: 'what is damaged is taken',
    file: 'transport/src/plain-sealer.ts',
    search: 'packet[end] === sum >>> 24 &&',
    replacement: 'sum >= 0 ||',
  },
  {
    rule: 'a message is handed over before all of it has come',
    file: 'transport/src/link/reassembly.ts',
    search: "if (partial.receivedBytes < partial.totalBytes) return 'partial';",
    replacement: "if (partial.receivedBytes * 2 < partial.totalBytes) return 'partial';",
    quick: true,
  },
  {
    rule: 'parts are put together in the order in which they came',
    file: 'transport/src/link/message-parts.ts',
    search: 'const place = this.#placeOf(offset);',
    replacement: 'const place = Math.max(this.#parts.length, this.#placeOf(offset));',
    also: [
      {
        file: 'transport/src/link/message-parts.ts',
        search: 'if (offset !== end) return undefined;',
        replacement: 'if (offset > totalBytes) return undefined;',
      },
    ],
  },
  {
    rule: 'what did not come is acknowledged',
    file: 'transport/src/link/acknowledger.ts',
    search: 'return this.#received.ranges;',
    replacement: 'return this.#received.ranges.map(({ last }) => ({ first: 0, last })).slice(0, 1);',
  },
  {
    rule: 'a new process at an address is taken for the old one',
    file: 'transport/src/endpoint/handshaker.ts',
    search: "if (current?.state === 'up' && current.isOf(packet)) return true;",
    replacement: "if (current?.state === 'up') return true;",
  },
  {
    rule: 'a request waits for its reply for ever',
    file: 'transport/src/pending-requests.ts',
    search: 'for (const request of this.#queue.takeDue(nowMs)) {\n      if (request.done) continue;',
    replacement: 'for (const request of this.#queue.takeDue(nowMs)) {\n      if (nowMs >= 0) continue;',
  },
  {
    rule: 'wire: an expiry is lost on the way',
    file: 'wire/src/records/batch-reader.ts',
    search: 'const expiresAt = flags & recordFlags.expires ? reader.varint() : 0;',
    replacement: 'const expiresAt = 0 * (flags & recordFlags.expires ? reader.varint() : 0);',
  },
  {
    rule: 'wire: the writer is taken for the owner of the origin',
    file: 'wire/src/records/batch-writer.ts',
    search: 'if (record.writer !== this.owner) flags |= recordFlags.writer;',
    replacement: 'if (record.writer === undefined) flags |= recordFlags.writer;',
  },
  {
    rule: 'wire: intervals of a vector are left out',
    file: 'wire/src/records/vectors.ts',
    search: 'vector.push({ origin, watermark, intervals: readIntervals(reader, watermark) });',
    replacement: 'vector.push({ origin, watermark, intervals: readIntervals(reader, watermark).slice(0, 0) });',
  },
];

/** Of who is there. */
const ofMembership: readonly BrokenRule[] = [
  {
    rule: 'dead members are never dialled again, nor bootstrap names',
    file: 'membership/src/healer.ts',
    search: "if (entry?.state !== 'dead') return;",
    replacement: "if (entry?.state !== 'dead' || now.monotonicMs >= 0) return;",
    also: [
      {
        file: 'membership/src/transitions.ts',
        search: 'bootstrap.wake(now);',
        replacement: 'if (entry.id.length === 0) bootstrap.wake(now);',
      },
    ],
  },
  {
    rule: 'an accusation is not refuted',
    file: 'membership/src/self.ts',
    search: "return update.state === 'alive' ? this.#hearAlive(update, now) : this.#refute(update);",
    replacement:
      "return update.state === 'alive' ? this.#hearAlive(update, now) : this.leaving && this.#refute(update);",
  },
  {
    rule: 'who refutes does not raise the incarnation',
    file: 'membership/src/self.ts',
    search: "this.#incarnation = update.incarnation + 1;\n    this.#outbox.count('refutations');",
    replacement: "this.#incarnation = update.incarnation;\n    this.#outbox.count('refutations');",
  },
  {
    rule: 'a suspicion never ends',
    file: 'membership/src/suspicions.ts',
    search: 'return startedMs + suspicionTimeoutMs(this.#settings, size, confirmations);',
    replacement: 'return startedMs + 1_000 * suspicionTimeoutMs(this.#settings, size, confirmations);',
  },
  {
    rule: 'nobody is told who has left',
    file: 'membership/src/transitions.ts',
    search: 'if (entry.verified) this.#parts.gossip.spread(entry.id, now, { urgent: before !== undefined });',
    replacement:
      "if (entry.verified && entry.state !== 'left') this.#parts.gossip.spread(entry.id, now, { urgent: before !== undefined });",
  },
  {
    rule: 'a goodbye is not taken',
    file: 'membership/src/listener.ts',
    search: 'roster.depart(entry, Math.max(incarnation, entry.incarnation), now);',
    replacement: 'roster.doubt(entry, incarnation, now);',
  },
  {
    rule: 'an address is taken by hearsay',
    file: 'membership/src/roster.ts',
    search: 'if (moved && !isLive(entry)) this.#believe(entry, update.address);',
    replacement: 'if (moved) this.#believe(entry, update.address);',
  },
  {
    rule: 'a member that speaks from elsewhere is not followed',
    file: 'membership/src/roster.ts',
    search: 'if (entry.verified && entry.address === address) return;',
    replacement: 'if (entry.verified) return;',
  },
  {
    rule: 'each member probes only one other',
    file: 'membership/src/probe-order.ts',
    search: 'if (this.#ids.includes(id)) return;',
    replacement: 'if (this.#ids.includes(id) || this.#ids.length > 0) return;',
  },
  {
    rule: 'nobody is probed',
    file: 'membership/src/probe-order.ts',
    search: 'if (this.#ids.includes(id)) return;',
    replacement: 'if (this.#ids.includes(id) || id.length > 0) return;',
  },
];

/** Of the node that joins the layers. */
const ofNode: readonly BrokenRule[] = [
  {
    rule: 'an answer leaves before the flush',
    file: 'node/src/driver/replica-shell.ts',
    search: 'else this.#flushing = this.#await(flushed, effects, durable);',
    replacement: `else {
      this.#finish(effects, undefined);
      this.#flushing = this.#await(flushed, [], durable);
    }`,
  },
  {
    rule: 'a write is acknowledged before it is on the disk',
    file: 'node/src/map/local-writes.ts',
    search: 'const durable = replica.durable();',
    replacement: 'const durable = replica.durable()?.constructor === Promise ? undefined : replica.durable();',
    quick: true,
  },
  {
    rule: 'a majority is half',
    file: 'node/src/driver/acknowledgements.ts',
    search: "if (acks === 'majority') return Math.floor(known / 2) + 1;",
    replacement: "if (acks === 'majority') return Math.floor(known / 2);",
  },
  {
    rule: 'a call from outside waits for nobody',
    file: 'node/src/client-service.ts',
    search: 'const options = { acks, timeout: timeoutMs, ...(ttlMs === 0 ? {} : { ttl: ttlMs }) };',
    replacement:
      "const options = { acks: acks === 'all' ? acks : 'local', timeout: timeoutMs, ...(ttlMs === 0 ? {} : { ttl: ttlMs }) } as const;",
  },
  {
    rule: 'a conditional write does not look at the version',
    file: 'node/src/map/conditional.ts',
    search: 'if (current !== expected) throw new VersionMismatchError(expected, current);',
    replacement: "if (current === '' && expected === '') throw new VersionMismatchError(expected, current);",
  },
  {
    rule: 'an update does not look whether the key was written meanwhile',
    file: 'node/src/map/conditional.ts',
    search: 'if (versionIfAny(map.live(stored)) !== versionIfAny(before)) continue;',
    replacement: '',
  },
  {
    rule: 'an expiry is told as a delete',
    file: 'node/src/versions.ts',
    search: "return cause === 'expired' || (value === null && expiresAt !== 0);",
    replacement: "return cause === 'expired' && value !== null && expiresAt !== 0;",
  },
  {
    rule: 'some changes are not told',
    file: 'node/src/notices.ts',
    search: "this.#hub.emit('change', toChange(record, cause));",
    replacement: "if (record.seq % 7 !== 0) this.#hub.emit('change', toChange(record, cause));",
  },
  {
    rule: 'changes are told twice',
    file: 'node/src/notices.ts',
    search: "this.#hub.emit('change', toChange(record, cause));",
    replacement:
      "this.#hub.emit('change', toChange(record, cause));\n    if (record.seq % 7 === 0) this.#hub.emit('change', toChange(record, cause));",
  },
  {
    rule: 'some changes are not told to a watch',
    file: 'node/src/watch/feed.ts',
    search: 'listener.changed(change);',
    replacement: 'if (change.record.seq % 7 !== 0) listener.changed(change);',
  },
  {
    rule: 'changes are told to a watch twice',
    file: 'node/src/watch/feed.ts',
    search: 'listener.changed(change);',
    replacement: 'listener.changed(change);\n      if (change.record.seq % 7 === 0) listener.changed(change);',
  },
  {
    rule: 'a watch is not told what changes while it reads',
    file: 'node/src/watch/collector.ts',
    search: 'if (this.isLagging || !this.#isPassed(record) || this.#isSeen(change)) return;',
    replacement:
      'if (this.isLagging || this.#passed !== undefined || this.#held !== undefined || this.#isSeen(change)) return;',
  },
  {
    rule: 'a node that stops goes on merging in its last flush',
    file: 'node/src/driver/replica-shell.ts',
    search: 'if (this.#isEnding) return;',
    replacement: '',
  },
  {
    rule: 'a node that stops does not flush',
    file: 'node/src/driver/replica-shell.ts',
    search: 'this.#isEnding = true;\n      this.#runTurn();',
    replacement: 'this.#isEnding = true;',
  },
  {
    rule: 'a member that died is still counted on',
    file: 'node/src/driver/driver.ts',
    search: "this.replica.handle({ type: reason === 'dead' ? 'peer-down' : 'peer-forgotten', peer });",
    replacement: "if (reason !== 'dead') this.replica.handle({ type: 'peer-forgotten', peer });",
  },
  {
    rule: 'records of a failed flush count as durable',
    file: 'node/src/driver/replica-shell.ts',
    search: 'else this.#failed(failure.cause, effects, durable);\n    if (this.#missedTurn)',
    replacement: 'else this.#finish(effects, durable);\n    if (this.#missedTurn)',
  },
];

export const mutations: readonly BrokenRule[] = [...ofStorage, ...ofTransport, ...ofMembership, ...ofNode];
