import type { Delta, Instant, NodeId, StorageReply, StorageRequest, StoredRecord } from '@simpledht/wire';
import { Acknowledgements } from './acknowledgements.ts';
import { AntiEntropy } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import { Outbox, ReplicaCounters, type ReplicaEffect, type ReplicaEvent } from './effects.ts';
import { Exchanges, type Exchange } from './exchanges.ts';
import { History } from './history.ts';
import { Joining, servePage } from './joining.ts';
import { LocalMap, type Write } from './local-map.ts';
import { peerSyncs, type PeerSync } from './peer-sync.ts';
import { PeerTable, type Peer } from './peer.ts';
import { Readiness } from './readiness.ts';
import { Receiving } from './receiving.ts';
import { isLive } from './record-order.ts';
import { Replication } from './replication.ts';
import { defaultSettings, type ReplicaSettings } from './settings.ts';
import type { KeyBounds, Store } from './store.ts';

export interface ReplicaOptions {
  readonly id: NodeId;
  readonly store: Store;
  /** Uniform in [0, 1): whom to ask, jitter. */
  readonly random: () => number;
  /** For new origins. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Neither bootstrap nor roster: ready at once. */
  readonly alone: boolean;
  readonly settings?: Partial<ReplicaSettings>;
}

/**
 * The replicated map's core: one replica, without IO, time or randomness of its own.
 *
 * A shell hands in events and the time, calls `flush` at the end of every turn, makes the store durable and only then
 * performs the effects from `take`: nothing leaves that a crash could take back.
 *
 * 1. Replicas that cover the same dots hold the same records (see ALGORITHM.md for why).
 * 2. Reads and writes are local and synchronous; nothing here waits for a peer.
 * 3. What is sent was durable when it left, if the shell keeps its part.
 * 4. Memory is bounded by records, members, origins and windows; there is no queue per peer.
 */
export class Replica {
  /** For those who watch. */
  readonly history: History;
  readonly #context: ReplicaContext;
  readonly #acknowledgements: Acknowledgements;
  readonly #replication: Replication;
  readonly #antiEntropy: AntiEntropy;
  readonly #receiving: Receiving;
  readonly #joining: Joining;
  readonly #readiness: Readiness;
  /** Records were written or merged since the last flush. */
  #isTouched = false;

  constructor(options: ReplicaOptions) {
    const settings = { ...defaultSettings, ...options.settings };
    const outbox = new Outbox();
    const counters = new ReplicaCounters();
    const { maxClockAheadMs } = settings;
    const local = new LocalMap({ ...options, maxClockAheadMs, outbox, counters });
    const exchanges = new Exchanges(outbox, counters, settings);
    const context = { settings, local, peers: new PeerTable(), exchanges, outbox, counters, random: options.random };
    this.#context = context;
    this.history = new History(local, outbox);
    this.#acknowledgements = new Acknowledgements(context);
    this.#replication = new Replication(context);
    this.#receiving = new Receiving(context, () => {
      this.#rolledBack();
    });
    this.#joining = new Joining(context, this.#receiving);
    this.#antiEntropy = new AntiEntropy(context, this.#replication, {
      isReady: () => this.ready,
      onRolledBack: () => {
        this.#rolledBack();
      },
      onDiverged: (peer, now) => {
        if (this.#joining.repair(peer, now)) outbox.notice({ type: 'divergence', peer: peer.id });
      },
    });
    this.#readiness = new Readiness(context, this.#joining, this.#antiEntropy, options.alone);
  }

  /** Writes or (value `null`) deletes. Returns the record as stored. Throws what the store throws; then nothing changed. */
  put(write: Write, wallMs: number): StoredRecord {
    this.#isTouched = true;
    return this.#context.local.put(write, wallMs);
  }

  /** Several writes in one step of the store. */
  batch(writes: readonly Write[], wallMs: number): readonly StoredRecord[] {
    this.#isTouched = true;
    return this.#context.local.batch(writes, wallMs);
  }

  /** The record of a key, unless it is deleted or expired. */
  get(key: string, wallMs: number): StoredRecord | undefined {
    const record = this.#context.local.store.get(key);
    return isLive(record, wallMs) ? record : undefined;
  }

  /** Live records in key order. Lazy; no snapshot is promised. */
  *range(bounds: KeyBounds, wallMs: number): Iterable<StoredRecord> {
    for (const record of this.#context.local.store.range(bounds)) if (isLive(record, wallMs)) yield record;
  }

  /** The first sync has finished. */
  get ready(): boolean {
    return this.#readiness.isReady;
  }

  /** Live records; expired ones count as long as they are held. */
  get size(): number {
    return this.#context.local.content.live;
  }

  get tombstones(): number {
    return this.#context.local.content.tombstones;
  }

  /** Bytes written here and not yet sent to the slowest live peer, for backpressure. */
  get unsentBytes(): number {
    return this.#replication.unsentBytes;
  }

  get counters(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.#context.counters));
  }

  /** Whether `change` effects are made. */
  get observeChanges(): boolean {
    return this.#context.local.observeChanges;
  }

  set observeChanges(on: boolean) {
    this.#context.local.observeChanges = on;
  }

  handle(event: ReplicaEvent, now: Instant): void {
    this.#dispatch(event, now);
    this.#readiness.advance(now);
    this.#acknowledgements.settle();
  }

  /** Ends a turn: puts changed metadata into the store and pushes what peers lack, as far as windows allow. */
  flush(now: Instant): void {
    this.#readiness.advance(now);
    this.#replication.push(now.monotonicMs);
    if (this.#isTouched) this.#antiEntropy.changed(now);
    this.history.endTurn(this.#isTouched);
    this.#isTouched = false;
    // After everything that issues or reports a clock.
    this.#context.local.save();
  }

  /** What the shell has to do, once the store has flushed this turn. */
  take(): readonly ReplicaEffect[] {
    return this.#context.outbox.take();
  }

  /** When `tick` is due, monotonic ms. */
  deadline(): number | undefined {
    const deadlines = [this.#antiEntropy.deadline(), this.#readiness.deadline()].filter((at) => at !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Members known to hold this node's write `seq` durably, this node included. */
  acknowledged(seq: number): number {
    return this.#acknowledgements.count(seq);
  }

  /** Asks for the effect `acknowledged` when `needed` members hold `seq`. Returns its token. */
  expect(seq: number, needed: number): number {
    return this.#acknowledgements.expect(seq, needed);
  }

  cancelExpect(token: number): void {
    this.#acknowledgements.cancel(token);
  }

  peers(): readonly PeerSync[] {
    return peerSyncs(this.#context);
  }

  #dispatch(event: ReplicaEvent, now: Instant): void {
    switch (event.type) {
      case 'peer-up':
        this.#peerUp(this.#context.peers.open(event.peer), now);
        break;
      case 'peer-down':
      case 'peer-forgotten':
        this.#peerDown(event.peer);
        if (event.type === 'peer-down') this.#readiness.peerDown(now);
        if (event.type === 'peer-forgotten') this.#context.peers.forget(event.peer);
        break;
      case 'joining':
        this.#readiness.joining();
        break;
      case 'attempts-over':
        this.#readiness.attemptsOver();
        break;
      case 'request':
        this.#requested(event, now);
        break;
      case 'answered':
        this.#answered(event.exchange, event.message, now);
        break;
      case 'failed':
        this.#failed(event.exchange, now);
        break;
      case 'tick':
        this.#antiEntropy.tick(now);
        break;
    }
  }

  /** A replica that is not ready asks one peer at a time (see Readiness); it answers the others. */
  #peerUp(peer: Peer, now: Instant): void {
    peer.up = true;
    if (this.ready) this.#antiEntropy.ask(peer, false, now);
  }

  #peerDown(id: NodeId): void {
    const peer = this.#context.peers.get(id);
    if (peer === undefined) return;
    peer.disconnect();
    this.#context.exchanges.drop(peer);
    this.#joining.cut(peer);
  }

  #requested(event: Extract<ReplicaEvent, { type: 'request' }>, now: Instant): void {
    const message = this.#reply(event.message, event.peer, now);
    this.#context.outbox.push({ type: 'reply', exchange: event.exchange, message });
  }

  #reply(message: StorageRequest, from: NodeId | undefined, now: Instant): StorageReply {
    switch (message.kind) {
      case 'digest':
        return this.#antiEntropy.requested(this.#context.peers.get(from), message, now);
      case 'delta':
        return this.#receive(message, from, now);
      case 'page-request':
        return servePage(this.#context, message);
      case 'fetch': {
        const record = this.#context.local.store.get(message.key);
        return { kind: 'fetched', records: record === undefined ? [] : [record] };
      }
    }
  }

  #receive(delta: Delta, from: NodeId | undefined, now: Instant): StorageReply {
    this.#isTouched = true;
    return this.#receiving.delta(delta, this.#context.local.joined ? undefined : this.#joining.live, from, now);
  }

  #answered(number: number, message: StorageReply, now: Instant): void {
    const exchange = this.#context.exchanges.end(number);
    if (exchange === undefined) return;
    const { kind, peer } = exchange;
    if (kind === 'delta' && message.kind === 'covered') {
      this.#replication.answered(peer, number, message, now.monotonicMs);
    } else if (kind === 'digest' && message.kind === 'digest') {
      this.#antiEntropy.answered(peer, message, exchange.serve, now);
    } else if (kind === 'page' && message.kind === 'page') {
      this.#isTouched = true;
      const outcome = this.#joining.received(number, message, now);
      if (outcome === 'joined') this.#readiness.joined(peer, now);
      if (outcome === 'stuck') this.#antiEntropy.failed(peer, true, now);
    } else this.#gaveUp(exchange, number, now);
  }

  #failed(number: number, now: Instant): void {
    const exchange = this.#context.exchanges.end(number);
    if (exchange !== undefined) this.#gaveUp(exchange, number, now);
  }

  #gaveUp({ kind, peer }: Exchange, number: number, now: Instant): void {
    if (kind === 'delta') this.#replication.failed(peer, number, now.monotonicMs);
    else {
      this.#antiEntropy.failed(peer, kind === 'page', now);
      this.#joining.failed(number);
    }
  }

  #rolledBack(): void {
    const place = this.#context.local.renewOrigin();
    if (place !== undefined) this.#acknowledgements.renumber(place);
  }
}
