import { clockAt, type ReplicaSettings, type Store } from '../../src/index.ts';
import type { Digest, StoredRecord } from '@simpledht/wire';
import { line } from '../contents.ts';
import { digestOf } from '../single-replica.ts';
import { SimulatedCluster, seeded, type ClusterOptions } from '../simulated-cluster.ts';
import type { DiskWatcher } from '../simulated-disk.ts';
import { isOlder } from '../simulated-disk.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { checkBounds } from './bounds.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { RunClass } from './classes.ts';
import { covers } from './coverage.ts';
import { History, writeId, type Write } from './history.ts';
import { Tally } from './tally.ts';
import { EventHash, type Trace } from './trace.ts';

/** Windows, pages and deltas of a few records, so that a short run sees them full. */
const small: Partial<ReplicaSettings> = { deltaBytes: 150, windowBytes: 400, pageBytes: 200 };
/** Two clocks of a run differ by this at most (one that is far off aside), ms. */
const maxSkewMs = 5_000;
const patient: Partial<ReplicaSettings> = { joinPatienceMs: 3_000, joinGraceMs: 1_000 };

export interface RunOptions {
  readonly tamper?: ClusterOptions['tamper'];
  readonly leavesEarly?: boolean;
  readonly chaosMs?: number;
  /** Skips what a class asks for after healing: purged tombstones. */
  readonly keepsTombstones?: boolean;
  readonly trace?: Trace;
}

/** An acknowledgement that a writer waits for. */
export interface Expectation {
  readonly write: Write;
  readonly needed: number;
}

/** One run's cluster, its history and what is watched all the time. Throws `BrokenPromise` when an invariant breaks. */
export class Scene {
  readonly random: () => number;
  readonly cluster: SimulatedCluster;
  readonly kind: RunClass;
  readonly history: History = new History();
  readonly tally: Tally = new Tally();
  readonly hash: EventHash = new EventHash();
  readonly trace: Trace | undefined;
  readonly expected: Map<SimulatedNode, Map<number, Expectation>> = new Map<SimulatedNode, Map<number, Expectation>>();
  /** Writes (by id) that a node away for longer than the grace brought and no other member had seen. */
  readonly #late = new Set<string>();
  readonly #lateKeys = new Set<string>();
  /** Nodes that came back after such a time; what they write before they are ready is late as well. */
  readonly returning: Set<SimulatedNode> = new Set<SimulatedNode>();
  readonly damaged: Set<string> = new Set<string>();
  /** The version of the last durable write of each node whose data was kept. */
  readonly #lastOwn = new Map<SimulatedNode, number>();
  readonly #applied = new Map<SimulatedNode, Set<string>>();

  constructor(seed: number, kind: RunClass, options: RunOptions) {
    this.kind = kind;
    this.trace = options.trace;
    const random = seeded(seed * 7919 + 1);
    this.random = random;
    const skew = random() < 0.5 ? 0 : maxSkewMs;
    const { tamper, leavesEarly } = options;
    const settings = this.#settings(skew > 0 || kind.rates.clockStep !== undefined);
    this.cluster = new SimulatedCluster({
      size: 3 + this.below(3),
      seed,
      skewMs: () => (random() - 0.5) * skew,
      clockStepMs: random() < 0.5 ? 1 : 500,
      faults: {
        loss: random() * 0.4,
        duplication: random() * 0.3,
        delayMs: 1 + this.below(300),
        slow: random() < 0.5 ? 0 : 0.05,
        slowMs: 8_000,
      },
      codec: random() < 0.1,
      settings,
      flushMs: kind.flushMs ?? 0,
      volatile: kind.volatile === true,
      ...(tamper === undefined ? {} : { tamper }),
      ...(leavesEarly === undefined ? {} : { leavesEarly }),
      watcher: (node) => this.#watcher(node),
      onEffect: (node, effect) => {
        this.hash.effect(node, effect, this.cluster.nowMs);
        this.trace?.effect(this.cluster.nowMs, node, effect);
        if (effect.type === 'request' || effect.type === 'reply') checkBounds(effect.message, settings);
        if (effect.type === 'change' && effect.cause !== 'expired') this.#changed(node, effect.record);
        if (effect.type === 'acknowledged') this.#acknowledged(node, effect.token);
      },
      onEvent: (node, event) => this.trace?.event(this.cluster.nowMs, node, event),
    });
    for (const node of this.cluster.nodes) this.begin(node);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick');
    return item;
  }

  addLate(record: StoredRecord): void {
    this.#late.add(writeId(record));
    this.#lateKeys.add(record.key);
  }

  /** Whether a late write of this key was brought. */
  hasLate(key: string): boolean {
    return this.#lateKeys.has(key);
  }

  /** The node's data is not what it was: its clock may begin anew. */
  lostData(node: SimulatedNode): void {
    this.#lastOwn.delete(node);
  }

  /** What it covers may be lost with its disk, after it has told others of it. */
  tearing({ index, store }: SimulatedNode): void {
    for (const waiting of this.expected.values())
      for (const { write } of waiting.values())
        if (covers(store, write.record.origin, write.record.seq)) write.covered |= 1 << index;
  }

  /** A process begins: it has applied and promised nothing yet. */
  begin(node: SimulatedNode): void {
    this.#applied.set(node, new Set());
    this.expected.set(node, new Map());
    node.acknowledged.clear();
    node.replica.observeChanges = true;
  }

  note(node: SimulatedNode | undefined, text: string): void {
    this.trace?.add(this.cluster.nowMs, node, text);
  }

  /** A write has been made; perhaps somebody waits until several hold it. */
  wrote(node: SimulatedNode, record: StoredRecord, needed: number): void {
    this.#checkClock(node, record);
    const write = this.history.wrote(record);
    this.note(node, `wrote ${line(record)} acks ${String(needed)}`);
    this.tally.operations += 1;
    if (node.replica.ready && this.kind.farClock !== true) this.returning.delete(node);
    if (this.returning.has(node)) this.addLate(record);
    if (needed <= 1) return;
    this.expected.get(node)?.set(node.replica.expect(record.seq, needed), { write, needed });
  }

  /** What a node says of itself to a stranger. */
  digest(node: SimulatedNode): Digest {
    const message = digestOf(node.id);
    const before = node.replica.take();
    if (before.length > 0) throw new Error('effects are pending');
    node.replica.handle({ type: 'request', peer: undefined, message, exchange: -1 }, this.cluster.now(node));
    for (const effect of node.replica.take()) {
      if (effect.type === 'reply' && effect.message.kind === 'digest') return effect.message;
    }
    throw new Error('no digest');
  }

  /**
   * A write that a returning node brought and nobody else had seen may beat a purged delete; and a delete that only the
   * node with the wrong clock had seen may be beaten by what the others wrote meanwhile.
   */
  isLate(record: StoredRecord, peak: StoredRecord | undefined): boolean {
    if (this.#late.has(writeId(record))) return true;
    if (peak === undefined || this.kind.farClock !== true) return false;
    return [...this.history.writes.values()].some(
      (write) => write.record.key === record.key && isOlder(record, write.record) && this.#isOnlyOfReturning(write),
    );
  }

  #isOnlyOfReturning({ record, holders }: Write): boolean {
    return record.value === null && [...this.returning].some(({ index }) => holders === 1 << index);
  }

  #settings(areClocksOff: boolean): Partial<ReplicaSettings> {
    const isSmall = this.random() < 0.6;
    const timeouts = isSmall
      ? { requestTimeoutMs: 400, digestTimeoutMs: 400 }
      : { requestTimeoutMs: 1_000, digestTimeoutMs: 1_000 };
    // A newcomer's clock may be as far behind that of who purges.
    const tombstoneQuietMs = areClocksOff ? maxSkewMs : 0;
    return { ...timeouts, ...patient, ...(isSmall ? small : {}), tombstoneQuietMs, ...this.kind.settings };
  }

  #watcher(node: SimulatedNode): DiskWatcher {
    return {
      applied: (record, peak) => {
        this.#wentBack(node, record, peak);
      },
      removed: (record) => {
        this.note(node, `removed ${line(record)}`);
        if (record.value === null) this.tally.purged += 1;
      },
      kept: (record) => {
        this.history.kept(node.index, record);
        if (record.writer === node.id) this.#lastOwn.set(node, Math.max(record.hlc, this.#lastOwn.get(node) ?? 0));
      },
    };
  }

  /** A node's writes follow each other through restarts. One wrong clock drags nobody else into the future; only what replaces its record is as far ahead. */
  #checkClock(node: SimulatedNode, record: StoredRecord): void {
    if (this.kind.farClock !== true && record.hlc <= (this.#lastOwn.get(node) ?? 0)) {
      throw new BrokenPromise('clock went back', `${line(record)} by node ${String(node.index)}`, record.key);
    }
    if (this.returning.has(node)) return;
    const believedMs = this.cluster.now(node).wallMs + 20_000;
    const replaced = this.history.largest.get(record.key)?.hlc ?? 0;
    if (record.hlc <= clockAt(believedMs) || record.hlc <= replaced + 1) return;
    throw new BrokenPromise('clock dragged', `${line(record)} by node ${String(node.index)}`, record.key);
  }

  /** Whatever the replica does, a key's write on a node only ever becomes larger. */
  #wentBack(node: SimulatedNode, record: StoredRecord, peak: StoredRecord | undefined): void {
    if (this.trace !== undefined) this.note(node, `applied ${line(record)}`);
    if (peak === undefined || !isOlder(record, peak)) return;
    // Of a record that it lost silently a replica knows nothing.
    if (this.isLate(record, peak) || this.#staysDeleted(record, peak) || this.damaged.has(record.key)) return;
    const what = peak.value === null ? 'resurrected' : 'went back';
    throw new BrokenPromise(what, `${line(record)} on node ${String(node.index)} that had ${line(peak)}`, record.key);
  }

  /** Who was left out of the purging (or writes on an old copy before it has read anything) may bring a tombstone older than the one that is forgotten: the key stays deleted. */
  #staysDeleted(record: StoredRecord, peak: StoredRecord): boolean {
    const { farClock, traveller, restores, volatile, wipes = 0 } = this.kind;
    const mayBeLeftOut = farClock === true || traveller === true || restores !== undefined;
    // Or its clock went back with its data.
    const mayForget = volatile === true || wipes > 0;
    return (mayBeLeftOut || mayForget) && record.value === null && peak.value === null;
  }

  #changed(node: SimulatedNode, record: StoredRecord): void {
    // What beats a late write may have been purged already, and is brought once more.
    if (this.damaged.has(record.key) || this.#lateKeys.has(record.key)) return;
    // With the write, since a number that a torn disk lost may mean two of them, and an expired one comes as its tombstone.
    const isGone = record.value === null;
    const dot = `${record.origin} ${String(record.seq)} ${writeId(record)} ${String(isGone)}`;
    const applied = this.#applied.get(node);
    if (applied?.has(dot) === true) {
      throw new BrokenPromise('applied twice', `${line(record)} on node ${String(node.index)}`, record.key);
    }
    applied?.add(dot);
  }

  #acknowledged(node: SimulatedNode, token: number): void {
    const expectation = this.expected.get(node)?.get(token);
    if (expectation === undefined) return;
    const { write, needed } = expectation;
    write.acknowledged = true;
    this.tally.acknowledged += 1;
    const held = this.history.holders(write.record);
    // A node that lost a record silently brings the others coverage without it.
    if (held.length >= needed || this.damaged.has(write.record.key)) return;
    // Who covers a purged delete need never have had it. Known and documented (ALGORITHM.md, Acknowledgements): what
    // overwrote a write comes a little after its coverage.
    const { value, expiresAt, key } = write.record;
    const isPurged = value === null || expiresAt !== 0;
    const isOverwritten = isPurged || this.history.largest.get(key) !== write.record;
    const { origin, seq } = write.record;
    const relayed = this.cluster.nodes.filter(
      ({ index, store }) =>
        !held.includes(index) && (covers(store, origin, seq) || (write.covered & (1 << index)) !== 0),
    );
    if (isOverwritten && held.length + relayed.length >= needed) {
      this.tally.relayed += 1;
      return;
    }
    const detail = `${line(write.record)}: ${String(needed)} were said to hold it, only nodes ${held.join()} did`;
    throw new BrokenPromise('false acknowledgement', detail, write.record.key);
  }
}

/** Everything that can be read of a store's records now. */
export function visible(store: Store, wallMs: number): StoredRecord[] {
  return [...store.range()].filter(({ value, expiresAt }) => value !== null && (expiresAt === 0 || expiresAt > wallMs));
}
