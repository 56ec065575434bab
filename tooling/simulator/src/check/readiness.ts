import type { DHTNode } from '@simpledht/node';
import type { StoredRecord } from '@simpledht/wire';
import type { Ledger } from './ledger.ts';
import { isOlder, told } from './records.ts';
import { Violation } from './violation.ts';

/** After so long a node may go on without a peer that it cannot reach, ms. */
const patienceMs = 25_000;

/** A process whose own first sync is over. */
export interface Ready {
  readonly index: number;
  readonly node: DHTNode;
}

interface Elder extends Ready {
  /** What it held when the other began. */
  readonly held: readonly StoredRecord[];
}

/** Who says that its first sync is over holds all that one of those held who were there before it. */
export class Readiness {
  readonly #ledger: Ledger;
  readonly #elders: readonly Elder[];
  readonly #beganMs: number;

  /** A process begins, beside these: those that stop go on serving until they have stopped. */
  constructor(ledger: Ledger, ready: readonly Ready[], nowMs: number) {
    this.#ledger = ledger;
    this.#beganMs = nowMs;
    this.#elders = ready.map((each) => ({ ...each, held: lasting(ledger, each.index) }));
  }

  /**
   * It is ready. `readyAt` tells when members last became so, by id. Throws when it holds less than each of the others
   * did, as far as it knows of them: one that has ended meanwhile may have brought it what there is.
   */
  check(index: number, node: DHTNode, readyAt: ReadonlyMap<string, number>, nowMs: number): void {
    const known = new Map(node.peers.map(({ id, state }) => [id, state]));
    // One that was ready in between may have told it that there is nothing.
    const isUnsure = [...known.keys()].some((id) => (readyAt.get(id) ?? 0) > this.#beganMs);
    if (isUnsure || nowMs > this.#beganMs + patienceMs) return;
    const elders = this.#elders.filter((elder) => elder.index !== index && known.has(elder.node.id));
    // What an elder's own disk lost when it was killed nobody can bring.
    const lacking = elders.map((elder) =>
      elder.held.find((record) => !this.#holds(index, record) && this.#holds(elder.index, record)),
    );
    // When it finds nobody it goes on alone.
    const isAlone = !elders.some(({ node: { id } }) => ['alive', 'suspect'].includes(known.get(id) ?? ''));
    if (isAlone || lacking.includes(undefined)) return;
    const detail = `node ${String(index)} lacks ${told(lacking[0])}, which node ${String(elders[0]?.index)} had`;
    throw new Violation('ready too early', detail, { nodes: [index] });
  }

  #holds(index: number, record: StoredRecord): boolean {
    const largest = this.#ledger.largest(record.key);
    // What overwrote it may be a moment behind, or be a tombstone that was purged.
    if (largest === undefined || isOlder(record, largest)) return true;
    const held = this.#ledger.disk(index).live.get(record.key);
    return held !== undefined && !isOlder(held, record);
  }
}

function lasting(ledger: Ledger, index: number): StoredRecord[] {
  return [...ledger.disk(index).live.values()].filter(({ value, expiresAt }) => value !== null && expiresAt === 0);
}
