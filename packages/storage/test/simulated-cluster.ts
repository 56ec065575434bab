import type { Instant, NodeId, StorageReply, StorageRequest } from '@simpledht/wire';
import {
  Replica,
  memoryStore,
  type ReplicaEffect,
  type ReplicaEvent,
  type ReplicaNotice,
  type ReplicaSettings,
  type Store,
} from '../src/index.ts';

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

export function nodeId(index: number): NodeId {
  return (index + 1).toString(16).padStart(2, '0').repeat(16) as NodeId;
}

/** 2026-01-01: a wall clock that is not at the zero of anything. */
export const startMs = 1_767_225_600_000;

export interface NetworkFaults {
  /** Share of requests, and of replies, that vanish. */
  loss: number;
  /** Share of requests that run twice (a transport promises not to; the map must not care). */
  duplication: number;
  /** Longest way, ms; each message takes a random time up to it, so they overtake each other. */
  delayMs: number;
}

export interface ClusterOptions {
  readonly size: number;
  readonly seed: number;
  readonly settings?: Partial<ReplicaSettings>;
  readonly faults?: Partial<NetworkFaults>;
  /** Wall clock error of a node, ms. */
  readonly skewMs?: (index: number) => number;
  /** The wall clock moves in steps of this, ms, so that equal versions of several writers occur. Default 1. */
  readonly clockStepMs?: number;
  /** Changes requests on their way: to see that a broken rule is noticed. */
  readonly tamper?: (message: StorageRequest) => StorageRequest;
  readonly onEffect?: (node: SimulatedNode, effect: ReplicaEffect) => void;
}

/** One process: a replica, its store and what its shell would do. */
export class SimulatedNode {
  readonly index: number;
  readonly id: NodeId;
  store: Store = memoryStore();
  replica: Replica;
  up = true;
  /** Grows with every start, so that nothing of a former life arrives. */
  life = 0;
  readonly notices: ReplicaNotice[] = [];
  readonly acknowledged: Map<number, number> = new Map<number, number>();
  tickAtMs: number | undefined;

  constructor(index: number, make: (node: SimulatedNode) => Replica) {
    this.index = index;
    this.id = nodeId(index);
    this.replica = make(this);
  }
}

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Replicas on memory stores with a network and a time of their own; membership is an oracle. Everything that a node does
 * in one event is one turn: flush, then its effects leave.
 */
export class SimulatedCluster {
  readonly nodes: SimulatedNode[];
  readonly random: () => number;
  readonly faults: NetworkFaults;
  /** Requests by kind since the beginning. */
  readonly sent: Record<string, number> = {};
  readonly #options: ClusterOptions;
  readonly #cuts = new Set<string>();
  #tasks: Task[] = [];
  #order = 0;
  nowMs = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.random = seeded(options.seed);
    this.faults = { loss: 0, duplication: 0, delayMs: 2, ...options.faults };
    this.nodes = Array.from(
      { length: options.size },
      (_, index) => new SimulatedNode(index, (node) => this.#replica(node)),
    );
  }

  node(index: number): SimulatedNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${String(index)}`);
    return node;
  }

  now(node: SimulatedNode): Instant {
    const { skewMs, clockStepMs = 1 } = this.#options;
    const wallMs = startMs + this.nowMs + (skewMs?.(node.index) ?? 0);
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
    node.replica.handle(event, this.now(node));
    this.turn(node);
  }

  put(node: SimulatedNode, key: string, text: string | null, expiresAt = 0): ReturnType<Replica['put']> {
    const value = text === null ? null : Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    return node.replica.put({ key, value, expiresAt }, this.now(node).wallMs);
  }

  /** The end of a turn: what the shell does. */
  turn(node: SimulatedNode): void {
    if (!node.up) return;
    node.replica.flush(this.now(node));
    void node.store.flush();
    for (const effect of node.replica.take()) this.#perform(node, effect);
    const deadline = node.replica.deadline();
    if (deadline === undefined || (node.tickAtMs !== undefined && node.tickAtMs <= deadline)) return;
    node.tickAtMs = deadline;
    const { life } = node;
    this.after(Math.max(0, deadline - this.nowMs), () => {
      if (node.life !== life) return;
      node.tickAtMs = undefined;
      this.tell(node, { type: 'tick' });
    });
  }

  crash(node: SimulatedNode): void {
    node.up = false;
    node.life += 1;
    node.tickAtMs = undefined;
  }

  restart(node: SimulatedNode, wiped: boolean): void {
    if (wiped) node.store = memoryStore();
    node.replica = this.#replica(node);
    node.up = true;
  }

  cut(from: SimulatedNode, to: SimulatedNode): void {
    this.#cuts.add(`${String(from.index)}>${String(to.index)}`);
  }

  heal(): void {
    this.#cuts.clear();
  }

  isCut(from: SimulatedNode, to: SimulatedNode): boolean {
    return this.#cuts.has(`${String(from.index)}>${String(to.index)}`);
  }

  after(delayMs: number, run: () => void): void {
    const task = { atMs: this.nowMs + delayMs, order: this.#order++, run };
    let at = this.#tasks.length;
    while (at > 0 && isLater(this.#tasks[at - 1], task)) at -= 1;
    this.#tasks.splice(at, 0, task);
  }

  /** Lets virtual time pass. */
  run(durationMs: number): void {
    const end = this.nowMs + durationMs;
    for (let next = this.#tasks[0]; next !== undefined && next.atMs <= end; next = this.#tasks[0]) {
      this.#tasks.shift();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = end;
  }

  /** Lets time pass until the condition holds; false when it did not in time. */
  runUntil(condition: () => boolean, limitMs: number, stepMs = 50): boolean {
    for (let passed = 0; passed < limitMs; passed += stepMs) {
      if (condition()) return true;
      this.run(stepMs);
    }
    return condition();
  }

  #replica(node: SimulatedNode): Replica {
    const { settings } = this.#options;
    return new Replica({
      id: node.id,
      store: node.store,
      random: this.random,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.random() * 256)),
      alone: false,
      ...(settings === undefined ? {} : { settings }),
    });
  }

  #perform(node: SimulatedNode, effect: ReplicaEffect): void {
    this.#options.onEffect?.(node, effect);
    if (effect.type === 'request') {
      const message = this.#options.tamper?.(effect.message) ?? effect.message;
      for (const target of effect.targets) {
        this.sent[message.kind] = (this.sent[message.kind] ?? 0) + 1;
        this.#request(node, { ...target, message, timeoutMs: effect.timeoutMs });
      }
    } else if (effect.type === 'reply') this.#pending.get(effect.exchange)?.(effect.message);
    else if (effect.type === 'notice') node.notices.push(effect.notice);
    else if (effect.type === 'acknowledged') node.acknowledged.set(effect.token, effect.count);
  }

  /** Replies that a node owes, by the number that the network gave the request. */
  readonly #pending = new Map<number, (message: StorageReply) => void>();
  #lastArrival = 0;

  #request(
    from: SimulatedNode,
    request: { peer: NodeId; exchange: number; message: StorageRequest; timeoutMs: number },
  ): void {
    const { life } = from;
    let isDone = false;
    const finish = (event: ReplicaEvent): void => {
      if (isDone || from.life !== life) return;
      isDone = true;
      this.tell(from, event);
    };
    this.after(request.timeoutMs, () => {
      finish({ type: 'failed', exchange: request.exchange });
    });
    const to = this.nodes.find(({ id }) => id === request.peer);
    if (to === undefined) return;
    const copies = this.random() < this.faults.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#deliver(from, to, () => {
        this.#arrive(to, from, request.message, (message) => {
          finish({ type: 'answered', exchange: request.exchange, message });
        });
      });
    }
  }

  #arrive(
    node: SimulatedNode,
    from: SimulatedNode,
    message: StorageRequest,
    answered: (message: StorageReply) => void,
  ): void {
    const exchange = ++this.#lastArrival;
    this.#pending.set(exchange, (reply) => {
      this.#pending.delete(exchange);
      this.#deliver(node, from, () => {
        answered(reply);
      });
    });
    this.tell(node, { type: 'request', peer: from.id, message, exchange });
  }

  #deliver(from: SimulatedNode, to: SimulatedNode, run: () => void): void {
    if (this.random() < this.faults.loss) return;
    const { life } = to;
    this.after(this.random() * this.faults.delayMs, () => {
      if (to.up && to.life === life && !this.isCut(from, to)) run();
    });
  }
}

function isLater(a: Task | undefined, b: Task): boolean {
  return a !== undefined && (a.atMs > b.atMs || (a.atMs === b.atMs && a.order > b.order));
}
