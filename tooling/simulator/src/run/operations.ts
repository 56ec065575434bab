import { SimpleDHTError, type BatchOperation, type DHTNode } from '@simpledht/node';
import { splitKey } from '@simpledht/storage';
import type { StoredRecord } from '@simpledht/wire';
import { told, versionOf } from '../check/records.ts';
import { Violation } from '../check/violation.ts';
import { WatchOrder } from '../check/watch-order.ts';
import type { AckLevel, Operation } from '../plan/plan.ts';
import type { Stage } from './stage.ts';

/** What a write answers, whichever it is. */
interface Answer {
  readonly versions: readonly string[];
  readonly acknowledged: number;
  /** Of a write on a condition: the version that it was to take the place of. */
  readonly over?: { readonly version: string | undefined };
  /** Members that were known when the node was called, if that was later than it was asked to. */
  readonly known?: number;
}

/** Who was asked; a call from outside has the index -1. */
interface Asked {
  readonly index: number;
  readonly life: number;
  readonly what: string;
  readonly acks: AckLevel;
  /** Members that were known then, the process itself included. */
  readonly known: number;
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
/** The longest that a user takes between reading and writing, ms. */
const slowMs = 400;
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
    const node = this.#stage.cluster.node(index);
    const known = isRemote ? 1 : membersOf(node);
    const answer = isRemote ? this.#call(index, operation) : this.#write(node, operation);
    const by = {
      index: isRemote ? -1 : index,
      life: place.life,
      what: JSON.stringify(what),
      acks: operation.acks,
      known,
    };
    this.#await(answer, by, operation);
  }

  #await(answer: Promise<Answer>, by: Asked, operation: Operation): void {
    const done = answer.then(
      (given) => {
        this.#pending.delete(done);
        if (this.#isAlive(by)) this.#acknowledged(operation, given, leastOf(by.acks, given.known ?? by.known));
      },
      (error: unknown) => {
        this.#pending.delete(done);
        if (this.#isAlive(by)) this.#refused(operation, error);
      },
    );
    this.#pending.set(done, by);
  }

  /** A write that has to succeed, as nothing stands in its way. */
  async insist(operation: Extract<Operation, { type: 'put' }>, timeoutMs: number): Promise<void> {
    const { cluster, tally, fail } = this.#stage;
    const { node: index, acks } = operation;
    tally.operations += 1;
    try {
      const answer = await cluster.settle(this.#write(cluster.node(index), operation, timeoutMs));
      this.#acknowledged(operation, answer, leastOf(acks, 1));
    } catch (error) {
      const detail = `${JSON.stringify(operation)} ended with ${String(error)}`;
      fail(new Violation('not acknowledged', detail, { nodes: [index] }));
    }
  }

  async #write(node: DHTNode, operation: Operation, timeout?: number): Promise<Answer> {
    if (operation.type === 'watch') throw new Error('a watch writes nothing');
    const { acks } = operation;
    if (operation.type === 'delete') return one(await node.delete(operation.key, { acks }));
    if (operation.type === 'batch') return node.batch(batchOf(operation.items), { acks });
    const { key, value } = operation;
    if (operation.type === 'put-if') {
      const version = node.entry(key)?.version;
      await this.#think(value);
      const known = membersOf(node);
      return { ...one(await node.putIf(key, { v: value }, { acks, version })), over: { version }, known };
    }
    if (operation.type === 'update') return this.#update(node, operation);
    const options = { acks, ...ttlOf(operation.ttlMs), ...(timeout === undefined ? {} : { timeout }) };
    return one(await node.put(key, valueOf(operation), options));
  }

  /** Not named when it had to be asked again, as then it was not written. */
  async #update(node: DHTNode, { key, value, acks }: Extract<Operation, { type: 'update' }>): Promise<Answer> {
    let seen: string | undefined;
    const change = (): unknown => {
      seen = node.entry(key)?.version;
      return isSlow(value) ? this.#think(value).then(() => ({ v: value })) : { v: value };
    };
    const { version, acknowledged } = await node.update(key, change, { acks });
    return { versions: version === undefined ? [] : [version], acknowledged, over: { version: seen } };
  }

  /** Some users take their time between reading and writing. */
  #think(value: number): Promise<void> {
    if (!isSlow(value)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stage.cluster.clock.setTimeout(resolve, (value * 37) % slowMs);
    });
  }

  async #call(index: number, operation: Operation): Promise<Answer> {
    const client = await this.#stage.client(index);
    if (operation.type === 'delete') return one(await client.delete(operation.key, { acks: operation.acks }));
    if (operation.type !== 'put') throw new Error(`no client calls ${operation.type}`);
    const options = { acks: operation.acks, ...ttlOf(operation.ttlMs) };
    return one(await client.put(operation.key, valueOf(operation), options));
  }

  /** What is said to be held is held, durably, where it is said. */
  #acknowledged(operation: Operation, { versions, acknowledged, over }: Answer, least: number): void {
    const { ledger, tally, cluster } = this.#stage;
    tally.acknowledged += 1;
    if (acknowledged < least) {
      const detail = `${JSON.stringify(operation)} was answered with ${String(acknowledged)} of ${String(least)}`;
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
      if (over !== undefined) this.#checkCondition(operation, record, over.version);
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

  /** Nothing was written between what a user saw and what it wrote instead. */
  #checkCondition(operation: Operation, record: StoredRecord, seen: string | undefined): void {
    const before = this.#stage.ledger.before(record);
    // Its time may have been over.
    if (before !== undefined && before.expiresAt !== 0) return;
    const found = before === undefined || before.value === null ? undefined : versionOf(before);
    if (found === seen) return;
    const detail = `${JSON.stringify(operation)} saw ${seen ?? 'nothing'} and took the place of ${told(before)}`;
    this.#stage.fail(new Violation('condition not met', detail, { nodes: [operation.node] }));
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

  #watch(index: number, forMs: number): void {
    const { cluster, places, fail } = this.#stage;
    const life = places[index]?.life;
    const watch = cluster.node(index).watch();
    this.#stage.follow(index, new WatchOrder(index, fail), watch);
    cluster.clock.setTimeout(() => {
      if (places[index]?.life === life) void watch.return();
    }, forMs);
  }
}

/** That a node knows, itself included. */
function membersOf(node: DHTNode): number {
  return 1 + node.peers.filter(({ state }) => state !== 'left').length;
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

function isSlow(value: number): boolean {
  return value % 3 === 0;
}

/** Of so many known members. */
function leastOf(acks: AckLevel, known: number): number {
  if (typeof acks === 'number') return acks;
  if (acks === 'local') return 1;
  return acks === 'all' ? known : Math.floor(known / 2) + 1;
}
