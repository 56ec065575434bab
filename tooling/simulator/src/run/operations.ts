import { SimpleDHTError, type BatchOperation, type DHTNode } from '@simpledht/node';
import { splitKey } from '@simpledht/storage';
import { compareVersions } from '../check/change-order.ts';
import { told } from '../check/records.ts';
import { Violation } from '../check/violation.ts';
import type { AckLevel, Operation } from '../plan/plan.ts';
import type { Stage } from './stage.ts';

/** What a write answers, whichever it is. */
interface Answer {
  readonly versions: readonly string[];
  readonly acknowledged: number;
}

/** Who was asked; a call from outside has the index -1. */
interface Asked {
  readonly index: number;
  readonly life: number;
  readonly what: string;
}

/** Codes that an operation may end with for reasons outside it. */
const excusable = [
  'ERR_IN_DOUBT',
  'ERR_TOO_FEW_MEMBERS',
  'ERR_VERSION_MISMATCH',
  'ERR_TIMEOUT',
  'ERR_LINK_DOWN',
  'ERR_CLOSED',
  'ERR_REMOTE',
];
const ofFullDisks = ['ERR_STORE', 'ERR_STORE_FULL'];

/** Does what users do, and judges the answers. */
export class Operations {
  readonly #stage: Stage;
  /** Answers that are still to come, and from which process. */
  readonly #pending = new Map<Promise<unknown>, Asked>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Operations without an answer though their process lives. */
  unanswered(): string[] {
    return [...this.#pending.values()].filter((by) => this.#isAlive(by)).map(({ what }) => what);
  }

  /** What a dead process would have answered nobody hears. */
  #isAlive({ index, life }: Asked): boolean {
    const place = this.#stage.places[index];
    return index < 0 || (place?.life === life && (place.up || place.leaving));
  }

  perform(operation: Operation): void {
    const index = operation.node % this.#stage.places.length;
    const place = this.#stage.places[index];
    const isRemote = 'remote' in operation && operation.remote;
    if (place?.up !== true || place.leaving) return;
    const { atMs: _, ...what } = operation;
    this.#stage.note(index, 'operation', JSON.stringify(what));
    if (operation.type === 'watch') {
      this.#watch(index, operation.forMs);
      return;
    }
    this.#stage.tally.operations += 1;
    const answer = isRemote ? this.#call(index, operation) : this.#write(this.#stage.cluster.node(index), operation);
    this.#await(answer, { index: isRemote ? -1 : index, life: place.life, what: JSON.stringify(what) }, operation);
  }

  #await(answer: Promise<Answer>, by: Asked, operation: Operation): void {
    const done = answer.then(
      (given) => {
        this.#pending.delete(done);
        if (this.#isAlive(by)) this.#acknowledged(operation, given);
      },
      (error: unknown) => {
        this.#pending.delete(done);
        if (this.#isAlive(by)) this.#refused(operation, error);
      },
    );
    this.#pending.set(done, by);
  }

  async #write(node: DHTNode, operation: Operation): Promise<Answer> {
    if (operation.type === 'watch') throw new Error('a watch writes nothing');
    const { acks } = operation;
    if (operation.type === 'delete') return one(await node.delete(operation.key, { acks }));
    if (operation.type === 'batch') return node.batch(batchOf(operation.items), { acks });
    const { key, value } = operation;
    if (operation.type === 'put-if') {
      const version = node.entry(key)?.version;
      return one(await node.putIf(key, { v: value }, { acks, version }));
    }
    if (operation.type === 'update') {
      // Not named when it had to be asked again, as then it was not written.
      const { version, acknowledged } = await node.update(key, () => ({ v: value }), { acks });
      return { versions: version === undefined ? [] : [version], acknowledged };
    }
    return one(await node.put(key, valueOf(operation), { acks, ...ttlOf(operation.ttlMs) }));
  }

  async #call(index: number, operation: Operation): Promise<Answer> {
    const client = await this.#stage.client(index);
    if (operation.type === 'delete') return one(await client.delete(operation.key, { acks: operation.acks }));
    if (operation.type !== 'put') throw new Error(`no client calls ${operation.type}`);
    const options = { acks: operation.acks, ...ttlOf(operation.ttlMs) };
    return one(await client.put(operation.key, valueOf(operation), options));
  }

  /** What is said to be held is held, durably, where it is said. */
  #acknowledged(operation: Operation, { versions, acknowledged }: Answer): void {
    const { ledger, tally, cluster } = this.#stage;
    tally.acknowledged += 1;
    if ('acks' in operation && acknowledged < leastOf(operation.acks)) {
      const detail = `${JSON.stringify(operation)} was answered with ${String(acknowledged)}`;
      this.#stage.fail(new Violation('too few acknowledgements', detail, { nodes: [operation.node] }));
    }
    for (const [at, version] of versions.entries()) {
      // Within a batch the last write of a key replaces those before it.
      if (operation.type === 'batch' && isReplaced(operation.items, at)) continue;
      const record = ledger.byVersion(version);
      if (record === undefined) {
        const detail = `${JSON.stringify(operation)} became ${version}, which no store holds`;
        this.#stage.fail(new Violation('false acknowledgement', detail, { nodes: [operation.node] }));
        continue;
      }
      const holders = ledger.holders(record);
      if (holders.length >= acknowledged) continue;
      // Who covers a purged delete need never have had it, and what overwrote a write comes a little after its coverage.
      if (record.value === null || record.expiresAt !== 0 || ledger.largest(record.key) !== record) {
        tally.relayed += 1;
        continue;
      }
      const detail = `${told(record)}: ${String(acknowledged)} were said to hold it, only ${holders.join()} of ${String(cluster.nodes.length)} did`;
      this.#stage.fail(new Violation('false acknowledgement', detail, { key: splitKey(record.key).key }));
    }
  }

  #refused(operation: Operation, error: unknown): void {
    this.#stage.tally.refused += 1;
    this.#stage.note(operation.node, 'refused', `${operation.type} ended with ${String(error)}`);
    const allowed = this.#stage.plan.steps.some(({ type }) => type === 'full-disk')
      ? [...excusable, ...ofFullDisks]
      : excusable;
    if (SimpleDHTError.is(error) && allowed.includes(error.code)) return;
    const detail = `${JSON.stringify(operation)}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`;
    this.#stage.fail(new Violation('unexpected error', detail, { nodes: [operation.node] }));
  }

  /** A watch gives each key's changes in order, and what it has shown in the end is what the map shows. */
  #watch(index: number, forMs: number): void {
    const { cluster, places } = this.#stage;
    const life = places[index]?.life;
    const node = cluster.node(index);
    const watch = node.watch();
    const seen = new Map<string, string>();
    const follow = async (): Promise<void> => {
      for await (const event of watch) {
        if (!('key' in event)) continue;
        const last = seen.get(event.key);
        seen.set(event.key, event.version);
        if (last === undefined || compareVersions(last, event.version) <= 0) continue;
        const detail = `${event.key}: ${event.version} after ${last}`;
        this.#stage.fail(new Violation('a watch went back', detail, { nodes: [index], key: event.key }));
      }
    };
    follow().catch((error: unknown) => {
      if (SimpleDHTError.is(error)) return;
      this.#stage.fail(new Violation('unexpected error', `a watch ended with ${String(error)}`, { nodes: [index] }));
    });
    cluster.clock.setTimeout(() => {
      if (places[index]?.life === life) void watch.return();
    }, forMs);
  }
}

function one({ version, acknowledged }: { version: string; acknowledged: number }): Answer {
  return { versions: [version], acknowledged };
}

function valueOf({ value, bytes }: Extract<Operation, { type: 'put' }>): unknown {
  return bytes === 0 ? { v: value } : { v: value, filler: 'x'.repeat(bytes) };
}

function batchOf(items: Extract<Operation, { type: 'batch' }>['items']): BatchOperation[] {
  return items.map(({ key, value, ttlMs }) =>
    value === undefined ? { type: 'delete', key } : { type: 'put', key, value: { v: value }, ...ttlOf(ttlMs) },
  );
}

function isReplaced(items: Extract<Operation, { type: 'batch' }>['items'], at: number): boolean {
  return items.slice(at + 1).some(({ key }) => key === items[at]?.key);
}

function ttlOf(ttlMs: number | undefined): { ttl?: number } {
  return ttlMs === undefined ? {} : { ttl: ttlMs };
}

/** Whatever the number of members, that many at the least. */
function leastOf(acks: AckLevel): number {
  return typeof acks === 'number' ? acks : 1;
}
