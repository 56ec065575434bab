import type { BrokenInClusters } from './broken-in-clusters.ts';

/** Of the node that joins the layers. */
export const ofNode: readonly BrokenInClusters[] = [
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
    draw: { nodes: 4, faults: ['leave', 'slow-disk'] },
    file: 'node/src/driver/replica-shell.ts',
    search: 'if (this.#isEnding) return;',
    replacement: '',
  },
  {
    rule: 'a node that stops does not flush',
    draw: { nodes: 4, faults: ['leave', 'slow-disk'] },
    file: 'node/src/driver/replica-shell.ts',
    search: 'this.#isEnding = true;\n      this.#runTurn();',
    replacement: 'this.#isEnding = true;',
  },
  {
    rule: 'records of a failed flush count as durable',
    file: 'node/src/driver/replica-shell.ts',
    search: 'else this.#failed(failure.cause, effects, durable);\n    if (this.#missedTurn)',
    replacement: 'else this.#finish(effects, durable);\n    if (this.#missedTurn)',
  },
];
