import type { EventEmitter } from 'node:events';
import { SimpleDHTError, type NodeId, type StoredRecord } from '@simpledht/wire';
import { ClientService } from './client-service.ts';
import { chooseParts, type Parts } from './defaults.ts';
import { Driver } from './driver/driver.ts';
import { asError, EventHub } from './events.ts';
import { Facts, splitAddress } from './facts.ts';
import { keepIdentity, loadIdentity, type Identity } from './identity.ts';
import { Lifecycle } from './lifecycle.ts';
import { Notices } from './notices.ts';
import { checkOptions, type NodeOptions } from './options.ts';
import { ReplicatedMap } from './replicated-map.ts';
import type {
  DeleteResult,
  Entry,
  ListOptions,
  NodeEvents,
  NodeInfo,
  Peer,
  WriteOptions,
  WriteResult,
} from './types.ts';
import { toEntry } from './versions.ts';
import { Waiting, type WaitOptions } from './waiting.ts';
import { splitKey } from '@simpledht/storage';

/**
 * One member of a SimpleDHT cluster: a key-value map in this process that is whole on every member.
 *
 * ```ts
 * const node = new DHTNode({ port: 5000, bootstrap: ['203.0.113.7:5000'] })
 * await node.start()
 * await node.ready()
 * await node.put('user:1', { name: 'Ada' })
 * node.getSync('user:1') // { name: 'Ada' }
 * await node.stop()
 * ```
 */
export class DHTNode {
  readonly #parts: Parts;
  readonly #identity: Identity;
  readonly #hub: EventHub;
  readonly #waiting: Waiting;
  readonly #lifecycle: Lifecycle;
  readonly #driver: Driver;
  readonly #map: ReplicatedMap;
  readonly #facts: Facts;

  /** Opens nothing: reads the identity and the versions that `store` holds. Throws `ERR_INVALID_OPTION`, or what the store throws. */
  constructor(options: NodeOptions = {}) {
    checkOptions(options);
    const parts = chooseParts(options);
    this.#parts = parts;
    this.#identity = loadIdentity(parts.store, parts.random);
    this.#hub = new EventHub(parts.logger);
    this.#waiting = new Waiting(parts.clock);
    const notices = new Notices(this.#hub, this.#waiting, parts.logger, () => this.#facts);
    const service = new ClientService({
      map: (namespace) => (namespace === '' ? this.#map : this.#mapOf(namespace)),
      facts: () => this.#facts,
      members: () => this.#driver.knownMembers,
      maxValueBytes: parts.maxValueBytes,
      onError: notices.onError,
    });
    this.#driver = new Driver(parts, this.#identity, {
      onNotice: notices.onNotice,
      onSignal: notices.onSignal,
      onError: notices.onError,
      serve: service.serve,
    });
    this.#facts = new Facts(this.#identity.id, parts, this.#driver);
    this.#map = this.#mapOf('');
    this.#lifecycle = new Lifecycle();
  }

  /** 32 hex digits that name this node, from its own key; kept with the data. */
  get id(): NodeId {
    return this.#identity.id;
  }

  /** Where the node listens, as the transport writes it: `host:port`. */
  get address(): string {
    this.#lifecycle.mustBeOpen();
    return this.#parts.transport.address;
  }

  /** Host part of `address`. */
  get host(): string {
    return splitAddress(this.address).host;
  }

  /** Port part of `address`; the real one when 0 was asked for. */
  get port(): number {
    return splitAddress(this.address).port;
  }

  /** As other members see this node; `undefined` until one has told. */
  get publicAddress(): string | undefined {
    return this.#facts.publicAddress;
  }

  /** Addresses of this machine under which others may reach the node. */
  get localAddresses(): readonly string[] {
    this.#lifecycle.mustBeOpen();
    return this.#parts.transport.localAddresses;
  }

  /** Every other member known, whatever its state. */
  get peers(): readonly Peer[] {
    return this.#facts.peers();
  }

  /** Live keys. */
  get size(): number {
    return this.#driver.replica.core.size;
  }

  /** Binds, and begins to join and to sync. Rejects only when binding fails: `ERR_ADDRESS_IN_USE`, `ERR_BIND_FAILED`. */
  async start(): Promise<void> {
    await this.#lifecycle.start(
      async () => {
        keepIdentity(this.#parts.store, this.#identity);
        await this.#parts.transport.open(this.#driver.inbound);
        this.#facts.startedAtMs = this.#parts.clock.monotonic();
        this.#driver.start();
      },
      () => this.#driver.abandon(),
    );
  }

  /**
   * The first sync has finished: this node holds what the cluster holds. At once without `bootstrap`; and when nobody
   * answers, once the first attempts are over. Rejects with `ERR_TIMEOUT`, `ERR_CLOSED` or the signal's reason.
   */
  async ready(options?: WaitOptions): Promise<void> {
    this.#lifecycle.mustBeOpen();
    if (this.#driver.replica.core.ready) return;
    await this.#waiting.for('ready', 'The first sync', options);
  }

  /**
   * Joins through a member, `host:port`, and settles when this node has exchanged rosters with it. Three attempts; when
   * none is answered rejects with `ERR_BOOTSTRAP_FAILED` and goes on trying in the background. Rejects with
   * `ERR_INVALID_ADDRESS` when it is not an address, `ERR_TIMEOUT`, `ERR_CLOSED` or the signal's reason.
   * A node that was alone is not ready again until it has what the cluster holds: await `ready()` after it.
   */
  async bootstrap(name: string, options?: WaitOptions): Promise<void> {
    this.#lifecycle.mustBeOpen();
    await this.#checkName(name);
    this.#lifecycle.mustBeOpen();
    const joined = this.#waiting.for(`bootstrap ${name}`, 'Joining', options);
    this.#driver.join(name);
    await joined;
  }

  /**
   * Stores a value. The promise settles when as many members hold it as `acks` says, by default this one.
   * Rejects before anything is stored with `ERR_INVALID_KEY`, `ERR_KEY_TOO_LARGE`, `ERR_INVALID_VALUE`,
   * `ERR_VALUE_TOO_LARGE`, `ERR_TOO_FEW_MEMBERS`; afterwards with `ERR_IN_DOUBT`, and then the write stays.
   */
  put(key: string, value: unknown, options?: WriteOptions): Promise<WriteResult> {
    return this.#map.put(key, value, options);
  }

  /** Deletes a key everywhere. Deleting what is not there is a write like any other. */
  delete(key: string, options?: WriteOptions): Promise<DeleteResult> {
    return this.#map.delete(key, options);
  }

  /** The value, or `undefined`. Local; while the first sync is still running a miss asks the peers. */
  get(key: string): Promise<unknown> {
    return this.#map.get(key);
  }

  /** The value as this node has it, or `undefined`. */
  getSync(key: string): unknown {
    return this.#map.getSync(key);
  }

  /** This node has a value for the key. */
  has(key: string): boolean {
    return this.#map.has(key);
  }

  /** The value with version, writer and expiry. */
  entry(key: string): Entry | undefined {
    return this.#map.entry(key);
  }

  /** Keys and values, lazily, in key order. Writes during the iteration are allowed; no snapshot is promised. */
  *entries(options?: ListOptions): Generator<[key: string, value: unknown], void> {
    for (const record of this.#map.records(options)) {
      const entry = this.#readable(record);
      if (entry !== undefined) yield [entry.key, entry.value];
    }
  }

  *keys(options?: ListOptions): Generator<string, void> {
    for (const record of this.#map.records(options)) yield splitKey(record.key).key;
  }

  *values(options?: ListOptions): Generator<unknown, void> {
    for (const [, value] of this.entries(options)) yield value;
  }

  [Symbol.iterator](): Generator<[key: string, value: unknown], void> {
    return this.entries();
  }

  /** Facts of this node at this moment. */
  info(): NodeInfo {
    this.#lifecycle.mustBeOpen();
    return this.#facts.info();
  }

  /** Counters since the start, by layer and name. */
  metrics(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return this.#facts.metrics();
  }

  on<K extends keyof NodeEvents>(name: K, listener: (...args: NodeEvents[K]) => void): this {
    this.#emitter.on(name, listener as never);
    this.#observe();
    return this;
  }

  once<K extends keyof NodeEvents>(name: K, listener: (...args: NodeEvents[K]) => void): this {
    this.#emitter.once(name, listener as never);
    this.#observe();
    return this;
  }

  off<K extends keyof NodeEvents>(name: K, listener: (...args: NodeEvents[K]) => void): this {
    this.#emitter.off(name, listener as never);
    this.#observe();
    return this;
  }

  /**
   * Copies what the store holds, everything written before this call included, to a new or empty directory, and proves
   * that the copy opens. A node that starts on the copy has all of the data, and is another node. Rejects with
   * `ERR_UNSUPPORTED` when the store has no backups (the memory store), or with `ERR_STORE`.
   */
  async backup(path: string): Promise<void> {
    this.#lifecycle.mustBeOpen();
    const { store } = this.#parts;
    if (store.backup === undefined)
      throw new SimpleDHTError('ERR_UNSUPPORTED', 'The store of this node makes no backups');
    await this.#driver.replica.durable();
    await store.backup(path);
  }

  /**
   * Says goodbye to the others, rejects what is pending with `ERR_CLOSED`, closes transport and store; afterwards the
   * process can exit. Idempotent. Peers that lack something written here get half a second to take it, and as much to
   * hear the goodbye.
   */
  async stop(): Promise<void> {
    await this.#lifecycle.stop(
      async () => {
        await this.#driver.stop();
        this.#waiting.close(new SimpleDHTError('ERR_CLOSED', 'The node stopped'));
      },
      () => this.#driver.abandon(),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** A text that is no address is the caller's mistake; a name that does not resolve now may do so at a later attempt. */
  async #checkName(name: string): Promise<void> {
    try {
      await this.#parts.transport.resolve(name);
    } catch (error) {
      if (SimpleDHTError.is(error, 'ERR_INVALID_ADDRESS') && error.cause === undefined) throw error;
    }
  }

  /** A value that does not decode (of another program, or damaged) is reported and left out: the others are still there. */
  #readable(record: StoredRecord): Entry | undefined {
    try {
      return toEntry(record);
    } catch (error) {
      this.#hub.emit('error', asError(error));
      return undefined;
    }
  }

  #mapOf(namespace: string): ReplicatedMap {
    const { clock, maxValueBytes } = this.#parts;
    const mustBeOpen = (): void => {
      this.#lifecycle.mustBeOpen();
    };
    return new ReplicatedMap({ driver: this.#driver, mustBeOpen, clock, namespace, maxValueBytes });
  }

  get #emitter(): EventEmitter<NodeEvents> {
    return this.#hub.emitter;
  }

  /** Changes are reported only while somebody listens: an unheard event costs nothing. */
  #observe(): void {
    this.#driver.replica.core.observeChanges = this.#emitter.listenerCount('change') > 0;
  }
}

/** `new DHTNode(options)` and `start()` in one. */
export async function createNode(options?: NodeOptions): Promise<DHTNode> {
  const node = new DHTNode(options);
  await node.start();
  return node;
}
