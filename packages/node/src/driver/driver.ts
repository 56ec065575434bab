import type { MembershipNotice } from '@simpledht/membership';
import type { Found, TransportEvent } from '@simpledht/transport';
import { SimpleDHTError, type Address, type ClientRequest, type NodeId } from '@simpledht/wire';
import type { Parts } from '../defaults.ts';
import { asError } from '../events.ts';
import type { Identity } from '../identity.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { makeMembership, makeReplica } from './cores.ts';
import { Finder } from './finder.ts';
import { Inbound } from './inbound.ts';
import { KeptRoster, recallRoster } from './kept-roster.ts';
import { MembershipShell } from './membership-shell.ts';
import { ReplicaShell, type ReplicaSignal } from './replica-shell.ts';
import type { RosterCopy } from './roster-copy.ts';

/** What the replica tells beyond settled acknowledgements, which the driver settles itself. */
export type MapSignal = Exclude<ReplicaSignal, { type: 'acknowledged' }>;

/* What a node may join through beside its bootstrap names. */
const earlierLife = Symbol('roster of an earlier life');
const lookingAround = Symbol('discovery');

/** How long a stopping node waits for its peers to take more of what they lack, ms. */
const drainPatienceMs = 500;

/** Whom discovery told of, and whether that led anywhere. */
export type DiscoveryEvent =
  | { readonly type: 'found'; readonly found: Found }
  | { readonly type: 'unreachable'; readonly address: Address; readonly reason: string };

/** What the driver tells its owner. */
export interface DriverHooks {
  readonly onNotice: (notice: MembershipNotice) => void;
  readonly onSignal: (signal: MapSignal) => void;
  readonly onDiscovery: (event: DiscoveryEvent) => void;
  readonly onError: (error: Error) => void;
  readonly onTransportEvent: (event: TransportEvent) => void;
  readonly serve: (request: ClientRequest, from: Address, reply: (payload: Uint8Array) => void) => void;
}

/** Joins the three layers: runs the cores' effects, and tells the replica whom membership has found. */
export class Driver {
  readonly membership: MembershipShell;
  readonly replica: ReplicaShell;
  readonly acknowledgements: Acknowledgements;
  readonly inbound: Inbound;
  readonly finder: Finder | undefined;
  readonly #parts: Parts;
  readonly #hooks: DriverHooks;
  readonly #earlier: RosterCopy | undefined;
  readonly #kept: KeptRoster;
  /** Bootstrap names, and other ways in, whose attempts are not over. Bounded by the option and the callers' pending calls. */
  readonly #joining: Set<string | symbol>;
  /** Bootstrap names of the option and of calls; bounded by their caller. */
  readonly #names: Set<string>;

  constructor(parts: Parts, identity: Identity, hooks: DriverHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    this.#names = new Set(parts.bootstrap);
    const { transport, clock, store } = parts;
    this.#earlier = recallRoster(store, identity.id);
    this.#joining = new Set<string | symbol>(parts.bootstrap);
    if (this.#earlier?.members.some(({ state }) => state !== 'left')) this.#joining.add(earlierLife);
    const core = makeMembership(parts, identity, this.#earlier);
    this.#kept = new KeptRoster({
      self: identity.id,
      core,
      store,
      clock,
      touch: () => {
        this.replica.touch();
      },
      onError: hooks.onError,
    });
    const onHandled = (): void => {
      this.#kept.follow();
    };
    this.membership = new MembershipShell({ core, transport, clock, onNotice: this.#onNotice, onHandled });
    this.replica = new ReplicaShell({
      core: makeReplica(parts, identity, core, this.#joining.size === 0 && parts.discovery === undefined),
      store,
      transport,
      clock,
      addressOf: (peer) => core.member(peer)?.address,
      onSignal: this.#onSignal,
      onError: hooks.onError,
    });
    this.finder = this.#makeFinder(identity.id);
    this.acknowledgements = new Acknowledgements(this.replica, clock);
    this.inbound = new Inbound({
      membership: this.membership,
      replica: this.replica,
      serve: hooks.serve,
      onError: hooks.onError,
      onTransportEvent: hooks.onTransportEvent,
    });
  }

  /** Begins to join and to probe. The transport is open. */
  start(): void {
    const { clock, bootstrap } = this.#parts;
    const sinceOf = (sinceMs: number): number => clock.monotonic() - (clock.now() - sinceMs);
    const members = this.#earlier?.members ?? [];
    this.membership.handle({
      type: 'recall',
      members: members.map(({ sinceMs, ...member }) => ({ ...member, accusers: [], since: sinceOf(sinceMs) })),
    });
    this.replica.touch();
    for (const name of bootstrap) this.membership.handle({ type: 'join', name });
    if (this.finder === undefined) return;
    this.#joining.add(lookingAround);
    this.finder.start();
  }

  /** Joins through one more member. */
  join(name: string): void {
    this.finder?.release(name);
    this.#names.add(name);
    this.#joining.add(name);
    this.replica.handle({ type: 'joining' });
    this.membership.handle({ type: 'join', name });
  }

  /** Declares a dead member gone for good. False when it is not known; throws `ERR_INVALID_OPTION` when it lives. */
  forget(id: NodeId): boolean {
    const member = this.membership.core.member(id);
    if (member === undefined || member.state === 'left') return false;
    if (member.state !== 'dead')
      throw new SimpleDHTError(
        'ERR_INVALID_OPTION',
        `The member ${id} is ${member.state}: only a dead one is forgotten`,
      );
    this.membership.handle({ type: 'forget', id });
    return true;
  }

  /** A write has to wait for the store's flush. */
  get durableStore(): boolean {
    return this.#parts.store.durable;
  }

  /** Members known, this node included: alive, suspect, or dead and not forgotten. */
  get knownMembers(): number {
    return 1 + this.membership.core.members.filter(({ state }) => state !== 'left').length;
  }

  /** Members alive, this node included. */
  get aliveMembers(): number {
    return 1 + this.membership.core.members.filter(({ state }) => state === 'alive' || state === 'suspect').length;
  }

  request(to: Address, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.#parts.transport.request(to, payload, { timeoutMs });
  }

  /** Goodbye, last turn, end of everything that waits. Every step runs, whichever fails. */
  async stop(): Promise<void> {
    const { transport, store } = this.#parts;
    await this.#runAll([
      () => this.finder?.stop(),
      () => this.replica.close(drainPatienceMs),
      () => this.membership.leave(),
      () => {
        this.membership.close();
        this.#kept.close();
        this.acknowledgements.close();
      },
      () => transport.close(),
      () => store.close(),
    ]);
  }

  /** Ends what was made for a node that did not open. */
  async abandon(): Promise<void> {
    const { transport, store } = this.#parts;
    await this.#runAll([() => this.finder?.stop(), () => transport.close(), () => store.close()]);
  }

  async #runAll(steps: readonly (() => Promise<void> | void)[]): Promise<void> {
    for (const step of steps) {
      try {
        await step();
      } catch (cause) {
        this.#hooks.onError(asError(cause));
      }
    }
  }

  readonly #onNotice = (notice: MembershipNotice): void => {
    switch (notice.type) {
      case 'peer-joined':
      case 'peer-alive':
        this.replica.handle({ type: 'peer-up', peer: notice.member.id });
        break;
      case 'peer-left':
        this.#peerLeft(notice.member.id, notice.reason);
        break;
      case 'peer-moved':
        if (this.#isLive(notice.member.id)) this.replica.reconnected(notice.member.id);
        break;
      case 'identity-conflict':
        this.replica.handle({ type: 'identity-conflict' });
        break;
      case 'peer-forgotten':
        this.replica.handle({ type: 'peer-forgotten', peer: notice.member.id });
        break;
      case 'recalled':
        this.#settled(earlierLife);
        break;
      case 'bootstrapped':
        // Held dead since an earlier life, it has to refute that first: it is there, and what it holds is waited for.
        if (!this.#isLive(notice.via)) this.replica.handle({ type: 'peer-down', peer: notice.via });
        this.#settled(notice.name);
        break;
      case 'bootstrap-failed':
      case 'self-bootstrap':
        this.#settled(notice.name);
        break;
      default:
    }
    if ('name' in notice && this.finder?.owns(notice.name) === true) this.#onDialled(notice, this.finder);
    else this.#hooks.onNotice(notice);
  };

  /** Who was found is tried for once: that it does not answer is no fault of the user's. */
  #onDialled(notice: Extract<MembershipNotice, { name: string }>, finder: Finder): void {
    const { name } = notice;
    if (notice.type === 'bootstrap-retry') return;
    finder.settled(name, notice.type === 'bootstrapped');
    if (notice.type === 'bootstrapped') this.#hooks.onNotice(notice);
    else if (notice.type === 'bootstrap-failed')
      this.#hooks.onDiscovery({ type: 'unreachable', address: name, reason: notice.reason });
  }

  #makeFinder(id: NodeId): Finder | undefined {
    const { discovery, clock, transport, tags } = this.#parts;
    if (discovery === undefined) return undefined;
    return new Finder({
      discovery,
      clock,
      announcement: () => ({ id, address: transport.address, localAddresses: transport.localAddresses, tags }),
      isKnown: (other) => other === id || this.#isLive(other),
      isBootstrap: (name) => this.#names.has(name),
      dial: (found, early) => {
        // Whoever is found later meets a node that is ready: nobody on the network may take that from it.
        if (early) this.#joining.add(found.address);
        this.#hooks.onDiscovery({ type: 'found', found });
        this.membership.handle({ type: 'join', name: found.address });
      },
      drop: (name) => {
        this.membership.handle({ type: 'unjoin', name });
      },
      onPatienceOver: () => {
        this.#settled(lookingAround);
      },
      onError: this.#hooks.onError,
    });
  }

  #isLive(id: NodeId): boolean {
    const state = this.membership.core.member(id)?.state;
    return state === 'alive' || state === 'suspect';
  }

  #peerLeft(peer: NodeId, reason: 'dead' | 'left' | 'replaced'): void {
    this.replica.handle({ type: reason === 'dead' ? 'peer-down' : 'peer-forgotten', peer });
  }

  #settled(name: string | symbol): void {
    if (this.#joining.delete(name) && this.#joining.size === 0) this.replica.handle({ type: 'attempts-over' });
  }

  readonly #onSignal = (signal: ReplicaSignal): void => {
    if (signal.type === 'acknowledged') this.acknowledgements.settle(signal.token, signal.count);
    else this.#hooks.onSignal(signal);
  };
}
