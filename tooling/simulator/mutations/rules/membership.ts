import type { BrokenInClusters } from './broken-in-clusters.ts';

/** Of who is there. */
export const ofMembership: readonly BrokenInClusters[] = [
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
    rule: 'a goodbye is not taken',
    draw: { nodes: 4, faults: ['leave'] },
    file: 'membership/src/listener.ts',
    search: 'roster.depart(entry, Math.max(incarnation, entry.incarnation), now);',
    replacement: 'roster.doubt(entry, incarnation, now);',
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
    search: 'if (this.#held.has(id)) return;',
    replacement: 'if (this.#held.has(id) || this.#ids.length > 0) return;',
  },
  {
    rule: 'nobody is probed',
    file: 'membership/src/probe-order.ts',
    search: 'if (this.#held.has(id)) return;',
    replacement: 'if (this.#held.has(id) || id.length > 0) return;',
  },
];
