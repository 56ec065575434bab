import type { Instant, StorageRequest } from '@simpledht/wire';
import { Replica, type ReplicaEffect, type ReplicaEvent, type ReplicaSettings } from '../src/index.ts';
import { SimulatedDisk, type DiskImage } from './simulated-disk.ts';
import { SimulatedNetwork, type NetworkFaults } from './simulated-network.ts';
import { SimulatedNode, type NodeParts, type NodeWatcher } from './simulated-node.ts';
import { VirtualTime } from './virtual-time.ts';

export { nodeId, type SimulatedNode } from './simulated-node.ts';

/** mulberry32 (Tommy Ettinger, public domain): a seed repeats a run. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** 2026-01-01: a wall clock that is not at the zero of anything. */
export const startMs = 1_767_225_600_000;

export interface ClusterOptions {
  readonly size: number;
  readonly seed: number;
  readonly settings?: Partial<ReplicaSettings>;
  readonly faults?: Partial<NetworkFaults>;
  /** Wall clock error of a node, ms. */
  readonly skewMs?: (index: number) => number;
  /** The wall clock moves in steps of this, ms, so that equal versions of several writers occur. Default 1. */
  readonly clockStepMs?: number;
  /** Stores say that they keep nothing, and keep nothing. Default false. */
  readonly volatile?: boolean;
  /** Longest time a transaction takes to the disk, ms; what did not get there is lost in a crash. Default 0. */
  readonly flushMs?: number;
  /** Effects leave before the disk has what they speak of: to see that this broken rule is noticed. */
  readonly leavesEarly?: boolean;
  /** Messages go through their bytes, as between real nodes. */
  readonly codec?: boolean;
  /** Changes requests on their way: to see that a broken rule is noticed. */
  readonly tamper?: (message: StorageRequest) => StorageRequest;
  readonly onEffect?: (node: SimulatedNode, effect: ReplicaEffect) => void;
  readonly onEvent?: (node: SimulatedNode, event: ReplicaEvent) => void;
  readonly watcher?: NodeWatcher;
}

/**
 * Replicas with a network, disks and a time of their own; membership is an oracle. Everything that a node does in one
 * event is one turn: flush, then its effects leave.
 */
export class SimulatedCluster {
  readonly nodes: SimulatedNode[] = [];
  readonly random: () => number;
  readonly faults: NetworkFaults;
  /** Requests by kind since the beginning. */
  readonly sent: Record<string, number> = {};
  readonly #options: ClusterOptions;
  readonly #time = new VirtualTime();
  readonly #network: SimulatedNetwork;
  readonly #parts: NodeParts;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.random = seeded(options.seed);
    this.faults = { loss: 0, duplication: 0, delayMs: 2, slow: 0, slowMs: 0, ...options.faults };
    this.#parts = {
      disk: (node) => new SimulatedDisk(options.volatile !== true, options.watcher?.(node)),
      replica: (node) => this.#replica(node),
    };
    this.#network = new SimulatedNetwork({
      time: this.#time,
      random: this.random,
      faults: this.faults,
      codec: options.codec === true,
      find: (id) => this.nodes.find((node) => node.id === id),
      tell: (node, event) => {
        this.tell(node, event);
      },
    });
    for (let index = 0; index < options.size; index++) this.add(index);
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** One more process, with an empty disk; nobody has heard of it yet. */
  add(index: number): SimulatedNode {
    const node = new SimulatedNode(index, this.#parts);
    node.skewMs = this.#options.skewMs?.(index) ?? 0;
    this.nodes.push(node);
    return node;
  }

  node(index: number): SimulatedNode {
    const node = this.nodes.find((candidate) => candidate.index === index);
    if (node === undefined) throw new Error(`no node ${String(index)}`);
    return node;
  }

  now(node: SimulatedNode): Instant {
    const { clockStepMs = 1 } = this.#options;
    const wallMs = startMs + this.nowMs + node.skewMs;
    return { monotonicMs: this.nowMs, wallMs: Math.floor(wallMs / clockStepMs) * clockStepMs };
  }

  /** Everyone sees everyone, and bootstrap is over. */
  connectAll(): void {
    for (const node of this.nodes) {
      for (const other of this.nodes) if (other !== node) this.tell(node, { type: 'peer-up', peer: other.id });
      this.tell(node, { type: 'attempts-over' });
    }
  }

  tell(node: SimulatedNode, event: ReplicaEvent): void {
    if (!node.up) return;
    this.#options.onEvent?.(node, event);
    if (event.type === 'peer-up') node.roster.add(event.peer);
    if (event.type === 'peer-forgotten') node.roster.delete(event.peer);
    node.replica.handle(event, this.now(node));
    this.turn(node);
  }

  put(node: SimulatedNode, key: string, text: string | null, expiresAt = 0): ReturnType<Replica['put']> {
    const value = text === null ? null : bytesOf(text);
    return node.replica.put({ key, value, expiresAt }, this.now(node).wallMs);
  }

  /** The end of a turn: what the shell does. One transaction is on its way to the disk at a time. */
  turn(node: SimulatedNode): void {
    if (!node.up) return;
    if (node.commit !== undefined) {
      node.missedTurn = true;
      return;
    }
    node.replica.flush(this.now(node));
    const effects = node.replica.take();
    const commit = node.store.begin();
    const { flushMs = 0, leavesEarly = false } = this.#options;
    if (commit === undefined || flushMs === 0) {
      commit?.();
      this.#finish(node, effects);
    } else {
      if (leavesEarly) this.#finish(node, effects);
      this.#await(node, commit, leavesEarly ? [] : effects);
    }
  }

  /** The process is gone. What was on its way to the disk may have got there; a disk may have lied about the last flushes. */
  crash(node: SimulatedNode, tornFlushes = 0): void {
    if (node.commit !== undefined && this.random() < 0.5) node.commit();
    node.commit = undefined;
    node.missedTurn = false;
    node.up = false;
    node.life += 1;
    node.tickAtMs = undefined;
    node.store.crash(tornFlushes);
  }

  /** The process starts anew: with what the disk has, with nothing, or with a copy of a disk. */
  restart(node: SimulatedNode, wiped: boolean, image?: DiskImage): void {
    if (wiped || !node.store.durable) node.store.wipe();
    if (image !== undefined) node.store.restore(image);
    node.replica = this.#replica(node);
    node.up = true;
  }

  cut(from: SimulatedNode, to: SimulatedNode): void {
    this.#network.cut(from, to);
  }

  heal(): void {
    this.#network.heal();
  }

  isCut(from: SimulatedNode, to: SimulatedNode): boolean {
    return this.#network.isCut(from, to);
  }

  after(delayMs: number, run: () => void): void {
    this.#time.after(delayMs, run);
  }

  /** Lets virtual time pass. */
  run(durationMs: number): void {
    this.#time.run(durationMs);
  }

  /** Lets time pass until the condition holds; false when it did not in time. */
  runUntil(condition: () => boolean, limitMs: number, stepMs = 50): boolean {
    return this.#time.runUntil(condition, limitMs, stepMs);
  }

  #replica(node: SimulatedNode): Replica {
    const { settings } = this.#options;
    return new Replica({
      id: node.id,
      store: node.store,
      random: this.random,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.random() * 256)),
      alone: false,
      members: () => node.roster,
      settings: { tombstoneQuietMs: 0, ...settings },
    });
  }

  #await(node: SimulatedNode, commit: () => void, effects: readonly ReplicaEffect[]): void {
    const { life } = node;
    node.commit = commit;
    this.after(this.random() * (this.#options.flushMs ?? 0), () => {
      if (node.life !== life) return;
      node.commit = undefined;
      commit();
      this.#finish(node, effects);
      if (node.missedTurn) {
        node.missedTurn = false;
        this.turn(node);
      }
    });
  }

  #finish(node: SimulatedNode, effects: readonly ReplicaEffect[]): void {
    for (const effect of effects) this.#perform(node, effect);
    this.#arm(node);
  }

  #arm(node: SimulatedNode): void {
    const deadline = node.replica.deadline();
    if (deadline === undefined || (node.tickAtMs !== undefined && node.tickAtMs <= deadline)) return;
    node.tickAtMs = deadline;
    const { life } = node;
    this.after(Math.max(0, deadline - this.nowMs), () => {
      if (node.life !== life || node.tickAtMs !== deadline) return;
      node.tickAtMs = undefined;
      this.tell(node, { type: 'tick' });
    });
  }

  #perform(node: SimulatedNode, effect: ReplicaEffect): void {
    this.#options.onEffect?.(node, effect);
    if (effect.type === 'request') {
      const message = this.#options.tamper?.(effect.message) ?? effect.message;
      for (const target of effect.targets) {
        this.sent[message.kind] = (this.sent[message.kind] ?? 0) + 1;
        this.#network.request(node, { ...target, message, timeoutMs: effect.timeoutMs });
      }
    } else if (effect.type === 'reply') this.#network.reply(effect.exchange, effect.message);
    else if (effect.type === 'notice') node.notices.push(effect.notice);
    else if (effect.type === 'acknowledged') node.acknowledged.set(effect.token, effect.count);
  }
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
