import type { Instant, NodeId, StoredRecord } from '@simpledht/wire';
import { Acknowledgements } from './acknowledgements.ts';
import { AntiEntropy, type DigestHooks } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import { Outbox, ReplicaCounters, type ReplicaEffect, type ReplicaEvent } from './effects.ts';
import { Exchanges } from './exchanges.ts';
import { History } from './history.ts';
import { LocalMap, type Write } from './local-map.ts';
import { MapReader } from './map-reader.ts';
import { PeerTable } from './peer-table.ts';
import { peerSyncs, type PeerSync } from './peer-sync.ts';
import { Readiness } from './readiness.ts';
import { ReplicaEvents } from './replica-events.ts';
import { Receiving } from './receiving.ts';
import { isLive } from './record-order.ts';
import { Repair } from './repair.ts';
import { Replication } from './replication.ts';
import { Retirement } from './retirement.ts';
import { Serving } from './serving.ts';
import { defaultSettings, type ReplicaSettings } from './settings.ts';
import { Skew } from './skew.ts';
import { Stability } from './stability.ts';
import type { KeyBounds, Store } from './store.ts';
import { Upkeep } from './upkeep.ts';

export interface ReplicaOptions {
  readonly id: NodeId;
  readonly store: Store;
  /** Uniform in [0, 1): whom to ask, jitter. */
  readonly random: () => number;
  /** For new origins. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Neither bootstrap nor roster: ready at once. */
  readonly alone: boolean;
  /** Members that are known and have not left, dead ones too: they hold back the purge of tombstones for a while. */
  readonly members?: () => Iterable<NodeId>;
  /** There may be members that nobody here has ever met: they hold it back as well. */
  readonly isSearching?: () => boolean;
  readonly settings?: Partial<ReplicaSettings>;
}

/** Least time between two changes of the own origin, ms: each sends all that this process wrote once more. */
const renewIntervalMs = 60_000;

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
  readonly #reader: MapReader;
  readonly #readiness: Readiness;
  readonly #repair: Repair;
  readonly #events: ReplicaEvents;
  readonly #retirement: Retirement;
  readonly #upkeep: Upkeep;
  #nextRenewMs = -Infinity;

  constructor(options: ReplicaOptions) {
    const settings = { ...defaultSettings, ...options.settings };
    const outbox = new Outbox();
    const counters = new ReplicaCounters();
    const local = new LocalMap({ ...options, ...settings, outbox, counters });
    const exchanges = new Exchanges(outbox, counters, settings);
    const peers = new PeerTable(options.store);
    const context = { settings, local, peers, exchanges, outbox, counters, random: options.random };
    this.#context = context;
    this.history = new History(local, outbox);
    const onRolledBack = ({ monotonicMs }: Instant): void => {
      // An origin is random and of one process: a second honest conflict this soon does not exist.
      if (monotonicMs < this.#nextRenewMs) return;
      this.#nextRenewMs = monotonicMs + renewIntervalMs;
      const place = local.origins.renew();
      if (place !== undefined) this.#acknowledgements.renumber(place);
    };
    const receiving = new Receiving(context, onRolledBack);
    const stability = new Stability(context, options);
    this.#acknowledgements = new Acknowledgements(context);
    this.#replication = new Replication(context);
    this.#reader = new MapReader(context, receiving);
    this.#repair = new Repair(context, this.#reader);
    this.#antiEntropy = new AntiEntropy(context, this.#replication, this.#hooks(stability, onRolledBack));
    this.#retirement = new Retirement(context, stability);
    this.#upkeep = new Upkeep(context, stability, this.#antiEntropy);
    const serving = new Serving(context, {
      antiEntropy: this.#antiEntropy,
      receiving,
      reader: this.#reader,
      repair: this.#repair,
    });
    this.#readiness = new Readiness(context, this.#reader, this.#antiEntropy, options.alone);
    this.#events = new ReplicaEvents(context, {
      antiEntropy: this.#antiEntropy,
      readiness: this.#readiness,
      reader: this.#reader,
      repair: this.#repair,
      replication: this.#replication,
      serving,
      skew: new Skew(context),
      retirement: this.#retirement,
      upkeep: this.#upkeep,
      onRolledBack,
    });
  }

  #hooks(stability: Stability, onRolledBack: (now: Instant) => void): DigestHooks {
    const { outbox } = this.#context;
    return {
      isReady: () => this.ready,
      isCatchingUp: () => this.#reader.isCatchingUp,
      onRolledBack,
      onDiverged: (peer, now) => {
        if (this.#repair.begin(peer, now)) outbox.notice({ type: 'divergence', peer: peer.id });
      },
      onBehind: (peer, now) => {
        this.#reader.catchUp(peer, now);
      },
      onShrunk: () => {
        stability.reset();
      },
    };
  }

  /** Writes or (value `null`) deletes. Returns the record as stored. Throws what the store throws; then nothing changed. */
  put(write: Write, wallMs: number): StoredRecord {
    this.#events.isTouched = true;
    return this.#context.local.put(write, wallMs);
  }

  /** Several writes in one step of the store. */
  batch(writes: readonly Write[], wallMs: number): readonly StoredRecord[] {
    this.#events.isTouched = true;
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
    this.#events.handle(event, now);
    this.#readiness.advance(now);
    this.#acknowledgements.settle();
  }

  /** Ends a turn: puts changed metadata into the store and pushes what peers lack, as far as windows allow. */
  flush(now: Instant): void {
    this.#readiness.advance(now);
    this.#replication.push(now.monotonicMs);
    if (this.#events.isTouched) this.#antiEntropy.changed(now);
    this.history.endTurn(this.#events.isTouched);
    this.#events.isTouched = false;
    this.#upkeep.schedule(now);
    this.#retirement.schedule(now);
    this.#repair.schedule(now);
    const { local, peers } = this.#context;
    peers.save(local.store);
    // After everything that issues or reports a clock.
    local.save();
  }

  /** What the shell has to do, once the store has flushed this turn. */
  take(): readonly ReplicaEffect[] {
    return this.#context.outbox.take();
  }

  /** When `tick` is due, monotonic ms. */
  deadline(): number | undefined {
    const { deadline: earliest } = [this.#antiEntropy, this.#readiness, this.#upkeep, this.#retirement, this.#repair]
      .map((part) => ({ deadline: part.deadline() ?? Infinity }))
      .reduce((a, b) => (b.deadline < a.deadline ? b : a));
    return earliest === Infinity ? undefined : earliest;
  }

  /** Members known to hold this node's writes up to `seq` durably, this node included. */
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

  /** How the peers stand, or one of them. */
  peers(only?: NodeId): readonly PeerSync[] {
    return peerSyncs(this.#context, only);
  }
}
