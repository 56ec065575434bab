import type {
  Covered,
  Digest,
  Instant,
  NodeId,
  Origin,
  PageRequest,
  StorageReply,
  StorageRequest,
} from '@simpledht/wire';
import {
  memoryStore,
  Replica,
  type ReplicaEffect,
  type ReplicaNotice,
  type ReplicaSettings,
  type Store,
} from '../src/index.ts';
import { bytes, originOf } from './records.ts';
import { nodeId, seeded, startMs } from './simulated-cluster.ts';

export type Request = Extract<ReplicaEffect, { type: 'request' }>;

export interface SingleOptions extends Partial<ReplicaSettings> {
  readonly alone?: boolean;
  readonly store?: Store;
  /** Of the node: default 0. */
  readonly index?: number;
  /** Another life of a store draws other random numbers. */
  readonly seed?: number;
  readonly members?: () => Iterable<NodeId>;
  readonly isSearching?: () => boolean;
}

/** One replica under the test's hand: events in, turns ended, effects looked at. The test plays all peers. */
export class SingleReplica {
  readonly store: Store;
  readonly core: Replica;
  readonly id: NodeId;
  nowMs = 0;
  /** By so much the wall clock has jumped, ms. */
  steppedMs = 0;
  effects: ReplicaEffect[] = [];
  #arrival = 0;

  constructor({
    alone = true,
    store = memoryStore(),
    index = 0,
    seed = 1,
    members = () => [],
    isSearching = () => false,
    ...settings
  }: SingleOptions = {}) {
    const random = seeded(seed);
    this.store = store;
    this.id = nodeId(index);
    this.core = new Replica({
      id: nodeId(index),
      store,
      random,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      alone,
      members,
      isSearching,
      settings: { pagesAhead: 1, tombstoneQuietMs: 0, ...settings },
    });
  }

  get now(): Instant {
    return { monotonicMs: this.nowMs, wallMs: startMs + this.nowMs + this.steppedMs };
  }

  /** Ends a turn; its effects. */
  turn(): readonly ReplicaEffect[] {
    this.core.flush(this.now);
    this.effects = [...this.core.take()];
    return this.effects;
  }

  handle(event: Parameters<Replica['handle']>[0]): readonly ReplicaEffect[] {
    this.core.handle(event, this.now);
    return this.turn();
  }

  put(key: string, text: string | null): number {
    return this.core.put({ key, value: text === null ? null : bytes(text), expiresAt: 0 }, this.now.wallMs).seq;
  }

  /** Lets time pass, with a tick whenever one is due; all requests made meanwhile. */
  pass(durationMs: number): Request[] {
    const requests: Request[] = [];
    const end = this.nowMs + durationMs;
    for (let due = this.core.deadline(); due !== undefined && due <= end; due = this.core.deadline()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.handle({ type: 'tick' });
      requests.push(...this.requests());
    }
    this.nowMs = end;
    return requests;
  }

  /** Requests of the last turn, of one kind. */
  requests(kind?: StorageRequest['kind']): Request[] {
    return this.effects
      .filter((effect) => effect.type === 'request')
      .filter(({ message }) => kind === undefined || message.kind === kind);
  }

  notices(type: ReplicaNotice['type']): ReplicaNotice[] {
    const all = this.effects.filter((effect) => effect.type === 'notice').map(({ notice }) => notice);
    return all.filter((notice) => notice.type === type);
  }

  /** A peer appears and answers the digest that it is asked: it is ready and covers what is given. */
  meet(peer: NodeId, digest: Partial<Digest> = {}): void {
    this.handle({ type: 'peer-up', peer });
    this.answer(this.sole('digest'), digestOf(peer, digest));
  }

  /** The only request of that kind in the last turn. */
  sole(kind: StorageRequest['kind']): Request {
    const [request, ...others] = this.requests(kind);
    if (request === undefined || others.length > 0)
      throw new Error(`${String(others.length + Number(request !== undefined))} requests of kind ${kind}`);
    return request;
  }

  /** A page without a beginning goes on from where it was asked for. */
  answer(request: Request, reply: StorageReply, target = 0): readonly ReplicaEffect[] {
    const asked = request.message;
    const isPage = reply.kind === 'page' && reply.after === '' && asked.kind === 'page-request';
    const page = isPage ? { ...reply, after: asked.after, reached: reply.reached || asked.after } : reply;
    const peer = request.targets[target]?.peer;
    // Whoever was asked answers.
    const message = page.kind === 'covered' && peer !== undefined ? { ...page, from: peer } : page;
    return this.handle({ type: 'answered', exchange: request.targets[target]?.exchange ?? -1, message });
  }

  /** The peer took the delta and covers all of its ranges from the start. */
  cover(request: Request, target = 0): readonly ReplicaEffect[] {
    return this.answer(request, coveredBy(request), target);
  }

  fail(request: Request, target = 0): readonly ReplicaEffect[] {
    return this.handle({ type: 'failed', exchange: request.targets[target]?.exchange ?? -1 });
  }

  /** Plays a peer's request; the reply. */
  ask(peer: NodeId, message: StorageRequest): StorageReply {
    const exchange = ++this.#arrival;
    this.handle({ type: 'request', peer, message, exchange });
    for (const effect of this.effects)
      if (effect.type === 'reply' && effect.exchange === exchange) return effect.message;
    throw new Error('no reply');
  }
}

/** What the replica says of itself to somebody whom it does not know, and who covers `vector`. */
export function said(replica: SingleReplica, vector: Digest['vector'] = []): Digest {
  const stranger = nodeId(50);
  const reply = replica.ask(stranger, digestOf(stranger, { vector }));
  if (reply.kind !== 'digest') throw new Error('no digest');
  return reply;
}

/** The digest of a ready peer that covers and holds the same, and whose clock is as late as this one's. */
export function agreeing(replica: SingleReplica, peer: NodeId, more: Partial<Digest> = {}): Digest {
  const digest = said(replica);
  return { ...digest, from: peer, origin: '', ready: true, behind: false, retired: [], ...more };
}

export function coveredTo(origin: Origin, watermark: number): Digest['vector'][number] {
  return { origin, watermark, intervals: [] };
}

export function digestOf(peer: NodeId, more: Partial<Digest> = {}): Digest {
  return {
    kind: 'digest',
    from: peer,
    origin: '',
    ready: true,
    hlc: 0,
    vector: [],
    durable: false,
    behind: false,
    unsettled: false,
    retired: [],
    count: 0,
    sumHigh: 0,
    sumLow: 0,
    ...more,
  };
}

function coveredBy({ message }: Request): Covered {
  if (message.kind !== 'delta') throw new Error('not a delta');
  const vector = message.ranges.map(({ origin, to }) => ({ origin, watermark: to, intervals: [] }));
  return { kind: 'covered', from: nodeId(1), joining: false, unsettled: false, vector };
}

/** A request for pages, the first one of all buckets. */
export function pageRequest(after: string, maxBytes: number): PageRequest {
  return { kind: 'page-request', after, maxBytes, skip: 0, buckets: new Uint8Array(0) };
}

export function deltaOf(request: Request): Extract<StorageRequest, { kind: 'delta' }> {
  if (request.message.kind !== 'delta') throw new Error('not a delta');
  return request.message;
}

export { nodeId, originOf };
