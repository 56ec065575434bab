import type { DHTNode } from '@simpledht/node';
import type { Ledger } from './ledger.ts';
import { Violation } from './violation.ts';

/** Sweeping what has expired, and telling of it, takes so long; ms. */
const sweepMs = 500;

/** What was told last of a key. */
export interface Last {
  readonly version: string;
  readonly isGone: boolean;
}

/** A node at rest, whose map everybody who listened has to know. */
export interface Shown {
  readonly index: number;
  readonly node: Pick<DHTNode, 'entry' | 'keys'>;
  readonly ledger: Pick<Ledger, 'byVersion'>;
  readonly nowMs: number;
}

/** Throws when what was told last of a key is not what the node shows of it. */
export function checkShown(last: ReadonlyMap<string, Last>, shown: Shown, invariant: string): void {
  const { index, node, ledger, nowMs } = shown;
  for (const [key, { version, isGone }] of last) {
    const entry = node.entry(key);
    if (isGone ? entry === undefined : entry?.version === version) continue;
    const expiresAt = ledger.byVersion(version)?.expiresAt ?? 0;
    if (entry === undefined && expiresAt !== 0 && expiresAt <= nowMs + sweepMs) continue;
    const told = isGone ? 'nothing' : version;
    const detail = `${key}: ${told} was told last on node ${String(index)}, which has ${entry?.version ?? 'nothing'}`;
    throw new Violation(invariant, detail, { nodes: [index], key });
  }
}
