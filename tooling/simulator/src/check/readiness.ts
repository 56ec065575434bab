import type { DHTNode } from '@simpledht/node';
import type { StoredRecord } from '@simpledht/wire';
import type { Ledger } from './ledger.ts';
import { isOlder, told } from './records.ts';
import { Violation } from './violation.ts';

/** After so long a node may go on without a peer that it cannot reach, ms. */
const patienceMs = 25_000;

/** A process that runs. */
export interface Running {
  readonly index: number;
  readonly life: number;
  readonly node: DHTNode;
}

interface Elder extends Running {
  /** What it held when the other began. */
  readonly held: readonly StoredRecord[];
}

/** Who says that its first sync is over holds all that one of those held who were there before it. */
export class Readiness {
  readonly #ledger: Ledger;
  readonly #elders: readonly Elder[];
  readonly #endMs: number;

  /** A process begins, beside these. */
  constructor(ledger: Ledger, running: readonly Running[], nowMs: number) {
    this.#ledger = ledger;
    this.#endMs = nowMs + patienceMs;
    this.#elders = running.filter(isReady).map((each) => ({ ...each, held: lasting(ledger, each.index) }));
  }

  /** It is ready, and these are there. Throws when it holds less than each of them did. */
  check(index: number, node: DHTNode, running: readonly Running[], nowMs: number): void {
    // Who is suspected may serve, too.
    const there = node.peers.filter(({ state }) => state === 'alive' || state === 'suspect');
    const alive = new Set(there.map(({ id }) => id));
    const others = running.filter((each) => each.index !== index && isReady(each) && alive.has(each.node.id));
    const elders = others.flatMap((other) => this.#elders.filter((each) => isSame(each, other)));
    // One that was ready in between may have told it that there is nothing.
    if (nowMs > this.#endMs || elders.length === 0 || elders.length < others.length) return;
    const lacking = elders.map((elder) => elder.held.find((record) => !this.#holds(index, record)));
    if (lacking.includes(undefined)) return;
    const detail = `node ${String(index)} lacks ${told(lacking[0])}, which node ${String(elders[0]?.index)} had`;
    throw new Violation('ready too early', detail, { nodes: [index] });
  }

  #holds(index: number, record: StoredRecord): boolean {
    const largest = this.#ledger.largest(record.key);
    // A tombstone of it may have been purged.
    if (largest === undefined || largest.value === null || largest.expiresAt !== 0) return true;
    const held = this.#ledger.disk(index).live.get(record.key);
    return held !== undefined && !isOlder(held, record);
  }
}

function lasting(ledger: Ledger, index: number): StoredRecord[] {
  return [...ledger.disk(index).live.values()].filter(({ value, expiresAt }) => value !== null && expiresAt === 0);
}

function isReady({ node }: Running): boolean {
  return node.info().ready;
}

function isSame(a: Running, b: Running): boolean {
  return a.index === b.index && a.life === b.life;
}
