import type { DHTNode } from '@simpledht/node';
import { splitKey } from '@simpledht/storage';
import type { StoredRecord } from '@simpledht/wire';
import { compareVersions } from './change-order.ts';
import type { Ledger } from './ledger.ts';
import { isOlder, told, versionOf } from './records.ts';
import { Violation } from './violation.ts';

/** Clocks of a run agree, after it, to this; ms. */
const clockSpreadMs = 50;

export interface Clocks {
  /** What a right one shows. */
  readonly nowMs: number;
  /** How far ahead the furthest one was: by it a write expires so much earlier, and is gone everywhere then. */
  readonly aheadMs: number;
}

export interface Remaining {
  readonly index: number;
  readonly node: DHTNode;
}

/** Each key's winner is the largest write that the data of a remaining node ever held: nothing lost, nothing back. */
export function checkWinners(ledger: Ledger, remaining: readonly Remaining[], { nowMs, aheadMs }: Clocks): void {
  const peaks = remaining.map(({ index }) => ledger.disk(index).peaks());
  for (const storedKey of ledger.keys) {
    if (ledger.isExcused(splitKey(storedKey).key)) continue;
    let winner: StoredRecord | undefined;
    for (const peak of peaks) {
      const record = peak.get(storedKey);
      if (record !== undefined && (winner === undefined || isOlder(winner, record))) winner = record;
    }
    // As it was written: a node may know it as expired only.
    const original = winner === undefined ? undefined : (ledger.find(winner) ?? winner);
    for (const one of remaining) checkWinner({ ...one, storedKey, winner: original, nowMs, aheadMs });
  }
}

interface Question extends Remaining, Clocks {
  readonly storedKey: string;
  readonly winner: StoredRecord | undefined;
}

function checkWinner({ index, node, storedKey, winner, nowMs, aheadMs }: Question): void {
  const { key } = splitKey(storedKey);
  const shown = node.entry(key);
  const about = { nodes: [index], key };
  if (winner !== undefined && isShown(winner, nowMs + clockSpreadMs + aheadMs)) {
    if (shown !== undefined && compareVersions(shown.version, versionOf(winner)) === 0) return;
    const detail = `${told(winner)}, and node ${String(index)} has ${shown?.version ?? 'nothing'}`;
    throw new Violation('lost a write', detail, about);
  }
  if (shown === undefined) return;
  // It may just be about to expire.
  if (winner !== undefined && compareVersions(shown.version, versionOf(winner)) === 0) {
    if (isShown(winner, nowMs - clockSpreadMs)) return;
    throw new Violation('expired and shown', `${told(winner)} on node ${String(index)}`, about);
  }
  throw new Violation(
    'resurrected',
    `${key} = ${shown.version} on node ${String(index)} beside ${told(winner)}`,
    about,
  );
}

function isShown({ value, expiresAt }: StoredRecord, wallMs: number): boolean {
  return value !== null && (expiresAt === 0 || expiresAt > wallMs);
}
