import type { EventEmitter } from 'node:events';
import { SimpleDHTError, type NodeId } from '@simpledht/wire';
import { ClientService } from './client-service.ts';
import { chooseParts, type Parts } from './defaults.ts';
import { DialBack } from './diagnosis/dial-back.ts';
import { Driver } from './driver/driver.ts';
import { EventHub } from './events.ts';
import { Facts, splitAddress } from './facts.ts';
import { keepIdentity, loadIdentity, type Identity } from './identity.ts';
import { Lifecycle } from './lifecycle.ts';
import type { MapSource } from './map/map-source.ts';
import type { NamespaceOptions } from './map/rules.ts';
import { MapVerbs } from './map/verbs.ts';
import { Namespace } from './namespace.ts';
import { checkName, OwnAddress } from './own-address.ts';
import { Namespaces } from './namespaces.ts';
import { Notices } from './notices.ts';
import { checkOptions, type NodeOptions } from './options.ts';
import type { NodeEvents, NodeInfo, Peer } from './types.ts';
import { Waiting, type WaitOptions } from './waiting.ts';
import { ChangeFeed } from './watch/feed.ts';

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
export class DHTNode extends MapVerbs {
  readonly #parts: Parts;
  readonly #identity: Identity;
  readonly #hub: EventHub;
  readonly #waiting: Waiting;
  readonly #lifecycle: Lifecycle;
  readonly #driver: Driver;
  readonly #feed: ChangeFeed;
  readonly #namespaces: Namespaces;
  /** Of the node's own keys; at hand, because every verb asks for it. */
  readonly #own: MapSource;
  readonly #facts: Facts;
  readonly #ownAddress: OwnAddress;

  /** Opens nothing: reads the identity and the versions that `store` holds. Throws `ERR_INVALID_OPTION`, or what the store throws. */
  constructor(options: NodeOptions = {}) {
    checkOptions(options);
    super();
    const parts = chooseParts(options);
    this.#parts = parts;
    this.#lifecycle = new Lifecycle();
    this.#identity = loadIdentity(parts.store, parts.random);
    this.#hub = new EventHub(parts.logger);
    this.#waiting = new Waiting(parts.clock);
    this.#ownAddress = new OwnAddress(parts, this.#hub, () => this.#driver.membership);
    const notices = new Notices(this.#hub, this.#waiting, parts.logger, {
      facts: () => this.#facts,
      feed: () => this.#feed,
      namespaces: () => this.#namespaces,
      ownAddress: this.#ownAddress,
    });
    const { onNotice, onSignal, onDiscovery, onError } = notices;
    const { serve } = new ClientService({
      map: (namespace) => this.#namespaces.map(namespace),
      facts: () => this.#facts,
      members: () => this.#driver.knownMembers,
      forget: (id) => this.forget(id),
      dialBack: new DialBack(parts.freshTransport, parts.clock).to,
      now: () => parts.clock.now(),
      onError,
    });
    this.#driver = new Driver(parts, this.#identity, {
      onNotice,
      onSignal,
      onDiscovery,
      onError,
      onTransportEvent: this.#ownAddress.onTransportEvent,
      serve,
    });
    this.#facts = new Facts(this.#identity.id, parts, this.#driver, this.#ownAddress);
    this.#feed = this.#makeFeed();
    const mustBeOpen = (): void => {
      this.#lifecycle.mustBeOpen();
    };
    this.#namespaces = new Namespaces({ parts, driver: this.#driver, feed: this.#feed, mustBeOpen, onError });
    this.#own = this.#namespaces.own;
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

  /** What is advertised, else what a STUN server sees (option `stun`), else what members see; `undefined` until one has told. */
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

  /** Live keys, those of namespaces included. */
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
        this.#ownAddress.advertise(this.#parts.advertise);
        this.#driver.start();
      },
      () => this.#driver.abandon(),
    );
  }

  /**
   * The first sync has finished: this node holds what the cluster holds. At once without `bootstrap`, `discovery` and
   * members that the store knows of a former life; with `discovery` after 3 s of looking around when nobody is found; and
   * when nobody answers, once the first attempts are over. Rejects with `ERR_TIMEOUT`, `ERR_CLOSED` or the signal's reason.
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
    await checkName(this.#parts.transport, name);
    this.#lifecycle.mustBeOpen();
    const joined = this.#waiting.for(`bootstrap ${name}`, 'Joining', options);
    this.#driver.join(name);
    await joined;
  }

  /**
   * A map of its own within this one, by name: its keys never meet others. With a `schema` (zod, valibot, arktype: any with
   * Standard Schema) what is written here is validated and typed by it, and what the schema makes of a value is stored.
   * Other nodes keep their own rules, and what they wrote is not checked again when it is read. The first call for a name
   * says its rules; later ones say the same or none. Throws `ERR_INVALID_OPTION`.
   *
   * ```ts
   * const users = node.namespace('users', { schema: z.object({ name: z.string() }) })
   * await users.put('ada', { name: 'Ada' })
   * ```
   */
  namespace<T = unknown, Input = T>(name: string, options: NamespaceOptions<T, Input> = {}): Namespace<T, Input> {
    return new Namespace<T, Input>(this.#namespaces.open(name, options));
  }

  /**
   * Tells the others where to reach this node, `host:port`, from now on; `undefined` takes it back. They use it once they
   * have reached the node there. A name is resolved again every minute. Throws `ERR_INVALID_OPTION`.
   */
  advertise(address: string | undefined): void {
    this.#lifecycle.mustBeOpen();
    this.#ownAddress.advertise(address);
  }

  /**
   * Declares a dead member gone for good, on every node: nothing waits for it any more, neither `acks: 'all'` nor the
   * forgetting of deleted keys. If it comes back it joins like a new one. `false` when no such member is known; throws
   * `ERR_INVALID_OPTION` for one that lives.
   */
  forget(id: NodeId): boolean {
    this.#lifecycle.mustBeOpen();
    return this.#driver.forget(id);
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
   * process can exit. Idempotent. Peers that lack something written here may go on taking it for up to 5 s, as long as
   * one does every half a second, and get half a second to hear the goodbye.
   */
  async stop(): Promise<void> {
    await this.#lifecycle.stop(
      async () => {
        this.#feed.close();
        this.#ownAddress.close();
        await this.#driver.stop();
        this.#waiting.close(new SimpleDHTError('ERR_CLOSED', 'The node stopped'));
      },
      () => this.#driver.abandon(),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  protected override get source(): MapSource {
    return this.#own;
  }

  #makeFeed(): ChangeFeed {
    const { replica } = this.#driver;
    return new ChangeFeed({
      history: replica.core.history,
      touch: () => {
        replica.touch();
      },
      maxWatchers: this.#parts.maxWatchers,
      onListening: () => {
        this.#observe();
      },
    });
  }

  get #emitter(): EventEmitter<NodeEvents> {
    return this.#hub.emitter;
  }

  /** Changes are reported only while somebody listens: an unheard event costs nothing. */
  #observe(): void {
    const isHeard = this.#emitter.listenerCount('change') + this.#emitter.listenerCount('expired') > 0;
    this.#driver.replica.core.observeChanges = isHeard || this.#feed.isHeard;
  }
}
