import { decodeMessage, encodeMessage, type NodeId, type StorageReply, type StorageRequest } from '@simpledht/wire';
import type { ReplicaEvent } from '../src/index.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface NetworkFaults {
  /** Share of requests, and of replies, that vanish. */
  loss: number;
  /** Share of requests that run twice (a transport promises not to; the map must not care). */
  duplication: number;
  /** Longest way, ms; each message takes a random time up to it, so they overtake each other. */
  delayMs: number;
  /** Share of messages that take up to `slowMs` instead: they come when everyone has given them up. */
  slow: number;
  slowMs: number;
}

export interface NetworkOptions {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly faults: NetworkFaults;
  /** Messages go through their bytes, as between real nodes. */
  readonly codec: boolean;
  readonly find: (id: NodeId) => SimulatedNode | undefined;
  readonly tell: (node: SimulatedNode, event: ReplicaEvent) => void;
}

export interface NetworkRequest {
  readonly peer: NodeId;
  readonly exchange: number;
  readonly message: StorageRequest;
  readonly timeoutMs: number;
}

/** Carries requests and their replies between nodes: with delay, loss, repetition and cut lines. */
export class SimulatedNetwork {
  readonly #options: NetworkOptions;
  readonly #cuts = new Set<number>();
  /** Replies that a node owes, by the number that the network gave the request. */
  readonly #owed = new Map<number, (message: StorageReply) => void>();
  #lastArrival = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  cut(from: SimulatedNode, to: SimulatedNode): void {
    this.#cuts.add(line(from, to));
  }

  heal(): void {
    this.#cuts.clear();
  }

  isCut(from: SimulatedNode, to: SimulatedNode): boolean {
    return this.#cuts.has(line(from, to));
  }

  request(from: SimulatedNode, request: NetworkRequest): void {
    const { time, random, faults, find } = this.#options;
    const { life } = from;
    let isDone = false;
    const finish = (event: ReplicaEvent): void => {
      if (isDone || from.life !== life) return;
      isDone = true;
      this.#options.tell(from, event);
    };
    time.after(request.timeoutMs, () => {
      finish({ type: 'failed', exchange: request.exchange });
    });
    const to = find(request.peer);
    if (to === undefined) return;
    const message = this.#carried(request.message);
    const copies = random() < faults.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#deliver(from, to, () => {
        this.#arrive(to, from, message, (reply) => {
          finish({ type: 'answered', exchange: request.exchange, message: reply });
        });
      });
    }
  }

  reply(exchange: number, message: StorageReply): void {
    this.#owed.get(exchange)?.(this.#carried(message));
  }

  #arrive(
    node: SimulatedNode,
    from: SimulatedNode,
    message: StorageRequest,
    answered: (message: StorageReply) => void,
  ): void {
    const exchange = ++this.#lastArrival;
    this.#owed.set(exchange, (reply) => {
      this.#owed.delete(exchange);
      this.#deliver(node, from, () => {
        answered(reply);
      });
    });
    this.#options.tell(node, { type: 'request', peer: from.id, message, exchange });
  }

  #deliver(from: SimulatedNode, to: SimulatedNode, run: () => void): void {
    const { time, random, faults, find } = this.#options;
    if (random() < faults.loss) return;
    const { life } = to;
    const formerLife = from.life;
    const isSlow = random() < faults.slow;
    time.after(random() * (isSlow ? faults.slowMs : faults.delayMs), () => {
      // A link is dead some seconds after its process, and long before its node is forgotten; so is what was on it.
      if ((isSlow && from.life !== formerLife) || find(from.id) === undefined) return;
      if (to.up && to.life === life && !this.isCut(from, to)) run();
    });
  }

  #carried<T extends StorageRequest | StorageReply>(message: T): T {
    if (!this.#options.codec) return message;
    const decoded = decodeMessage(encodeMessage(message));
    if (decoded.kind !== message.kind) throw new Error(`${message.kind} became ${decoded.kind}`);
    return decoded as T;
  }
}

function line(from: SimulatedNode, to: SimulatedNode): number {
  return from.index * 64 + to.index;
}
