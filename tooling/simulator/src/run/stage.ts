import { connect, type Client, type DHTNode } from '@simpledht/node';
import { TestCluster, type DiskCopy } from '@simpledht/node/testing';
import { datagramTransport, newSecret, seededRandom } from '@simpledht/transport';
import { ChangeOrder } from '../check/change-order.ts';
import type { Peaks } from '../check/disk-history.ts';
import { Ledger } from '../check/ledger.ts';
import { Readiness, type Ready } from '../check/readiness.ts';
import { Violation } from '../check/violation.ts';
import { WatchOrder } from '../check/watch-order.ts';
import { isFault, type FaultType, type Plan } from '../plan/plan.ts';
import { EventHash } from './event-hash.ts';
import type { Log } from './log.ts';
import { Tally } from './tally.ts';

/** One place of the cluster, and which process runs there. */
export interface Place {
  /** Counts the processes that were started here. */
  life: number;
  up: boolean;
  /** It stops properly, and is not done. */
  leaving: boolean;
  /** A copy of another node, which has no place in the end. */
  readonly isClone: boolean;
  copy: { readonly disk: DiskCopy; readonly peaks: Peaks } | undefined;
  /** What the running process tells. */
  heard: { readonly changes: ChangeOrder; readonly watch: WatchOrder } | undefined;
}

/** Bootstrap names of each node. */
const namesOfEach = 2;

/** Faults that keep no message from its receiver. */
const quiet: readonly FaultType[] = ['leave', 'skew', 'slow-disk'];

/** The cluster of one run with everything that watches it. */
export class Stage {
  readonly plan: Plan;
  readonly cluster: TestCluster;
  /** What it takes to talk with the nodes. */
  readonly sealing: { readonly secret?: string };
  readonly ledger: Ledger;
  readonly tally: Tally = new Tally();
  readonly hash: EventHash = new EventHash();
  readonly log: Log | undefined;
  readonly places: Place[] = [];
  /** Ids of nodes that said goodbye. */
  readonly left: Set<string> = new Set<string>();
  /** When nodes last became ready, by id. */
  readonly #readyAt = new Map<string, number>();
  /** The first promise that was broken. */
  violation: Violation | undefined;
  #client: Promise<Client>[] = [];

  constructor(plan: Plan, log?: Log) {
    this.plan = plan;
    this.log = log;
    const { seed, setting, steps } = plan;
    this.ledger = new Ledger({
      idOf: (index) => this.cluster.node(index).id,
      fail: this.fail,
      note: (node, text) => {
        if (this.log !== undefined) this.note(node, 'store', text());
      },
      wallMs: () => this.cluster.clock.now(),
      nowMs: () => this.nowMs,
      losesPast: steps.some(({ type }) => ['copy', 'clone', 'kill', 'leave'].includes(type)),
    });
    this.sealing = setting.sealed ? { secret: secretOf(seed) } : {};
    this.cluster = new TestCluster({
      seed,
      delayMs: setting.delayMs,
      disk: setting.durable ? setting.flushMs : false,
      node: () => ({ preset: setting.preset, ...this.sealing }),
      watchDisk: (index) => this.ledger.watcher(index),
      isLater: (index) => this.#isLater(index),
    });
    this.cluster.network.onDatagram = (from, to, datagram) => {
      this.tally.datagrams += 1;
      this.hash.number(this.nowMs * 1_000);
      this.hash.text(from);
      this.hash.text(to);
      this.hash.bytes(datagram);
    };
  }

  get nowMs(): number {
    return this.cluster.clock.monotonic();
  }

  readonly fail = (violation: Violation): void => {
    if (this.ledger.isExcused(violation.key)) return;
    this.violation ??= violation;
    this.note(violation.nodes[0], 'violation', violation.message);
  };

  note(node: number | undefined, kind: string, text: string): void {
    this.log?.add({ atMs: this.nowMs, node, kind, text });
  }

  /** Starts one more node, maybe on a copy of another's disk. */
  async add(copy?: Place['copy']): Promise<number> {
    const index = this.places.length;
    this.places.push({
      life: 0,
      up: false,
      leaving: false,
      isClone: copy !== undefined,
      copy: undefined,
      heard: undefined,
    });
    this.ledger.disk(index).begin(copy?.peaks ?? new Map<string, never>());
    const seeds = [0, 1, 2].filter((other) => other !== index).slice(0, namesOfEach);
    this.#name(index);
    this.#begun(index, await this.cluster.add({ bootstrap: seeds.map(nameOf) }, copy?.disk));
    return index;
  }

  /** The machine gets another address, and its name in the DNS follows it. */
  async move(index: number): Promise<void> {
    await this.cluster.move(index);
    this.#name(index);
  }

  /** A process on what the last one left, on a copy, or on an empty disk. */
  async restart(index: number, from: 'kept' | 'empty' | NonNullable<Place['copy']>, moved: boolean): Promise<void> {
    const disk = this.ledger.disk(index);
    const peaks = from === 'kept' ? disk.peaks() : from === 'empty' ? new Map<string, never>() : from.peaks;
    disk.begin(peaks);
    const data = from === 'kept' ? { keepData: true } : from === 'empty' ? {} : { from: from.disk };
    const node = await this.cluster.restart(index, { ...data, moved });
    this.#name(index);
    this.#begun(index, node);
    this.note(index, 'start', `starts, ${typeof from === 'string' ? from : 'on an old copy'}${moved ? ', moved' : ''}`);
  }

  /** Somebody outside the cluster who talks with the node at an index, wherever it is. */
  client(index: number): Promise<Client> {
    const { clock, network } = this.cluster;
    const { seed } = this.plan;
    const made = this.#client.length + 1;
    const socket = network.socket(`10.99.${String(made >> 8)}.${String(made & 255)}:7000`);
    const random = seededRandom(seed * 31 + made);
    const transport = datagramTransport({ socket, clock, random, ...this.sealing });
    const [host = '', port = ''] = this.cluster.addressOf(index).split(':');
    const client = connect({ host, port: Number(port), transport });
    this.#client.push(client);
    return client;
  }

  /** Listens to a watch until it ends. */
  follow(index: number, order: WatchOrder, watch: ReturnType<DHTNode['watch']>): void {
    order.follow(watch).catch((error: unknown) => {
      this.fail(new Violation('unexpected error', `a watch ended with ${String(error)}`, { nodes: [index] }));
    });
  }

  /** At rest: what each process told its user is what it holds. */
  checkTold(): void {
    const { cluster, ledger } = this;
    for (const [index, { up, heard }] of this.places.entries()) {
      if (!up || heard === undefined) continue;
      const shown = { index, node: cluster.node(index), ledger, nowMs: cluster.clock.now() };
      heard.changes.checkEnd(shown);
      heard.watch.checkEnd(shown);
    }
  }

  /** Where a goodbye reaches everybody nobody waits for whoever has left. */
  checkLeft(): void {
    const { cluster, left } = this;
    if (!this.plan.steps.filter(isFault).every(({ type }) => quiet.includes(type))) return;
    for (const node of cluster.live) {
      const missed = node.peers.find(({ id, state }) => state === 'dead' && left.has(id));
      if (missed === undefined) continue;
      const detail = `node ${node.id.slice(0, 8)} takes ${missed.id.slice(0, 8)} for dead, which has left`;
      throw new Violation('goodbye not heard', detail);
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#client) await (await client).close();
    await this.cluster.stop();
  }

  /** An upgrade or a way back with each new process. */
  #isLater(index: number): boolean {
    return this.plan.setting.mixed === true && (index + (this.places[index]?.life ?? 0)) % 2 === 1;
  }

  #name(index: number): void {
    this.cluster.network.names.set(nameOf(index), [this.cluster.addressOf(index)]);
  }

  #begun(index: number, node: DHTNode): void {
    const place = this.places[index];
    if (place === undefined) throw new RangeError(`there is no place ${String(index)}`);
    place.life += 1;
    const { life } = place;
    place.up = true;
    place.leaving = false;
    this.#readyAt.delete(node.id);
    const readiness = new Readiness(this.ledger, this.#ready(), this.nowMs);
    node.on('ready', () => {
      this.note(index, 'ready', 'is ready');
      this.#readyAt.set(node.id, this.nowMs);
      // A copy has the name of its original, and knows less.
      if (place.life === life && !this.#has('clone')) this.#checkReady(index, readiness);
    });
    const [changes, watch] = [new ChangeOrder(index, this.fail), new WatchOrder(index, this.fail)];
    place.heard = { changes, watch };
    node.on('change', (change) => {
      changes.heard(change);
    });
    this.follow(index, watch, node.watch());
    node.on('error', (error) => {
      this.#failed(index, error);
    });
    const reached = new Set<string>();
    node.on('bootstrapped', (name) => {
      if (reached.add(name).size === namesOfEach) this.ledger.acquaintances.settled(node.id, this.nowMs);
    });
    node.on('peer-joined', ({ id }) => {
      this.ledger.acquaintances.met({ one: node.id, other: id, atMs: this.nowMs });
    });
    if (this.log === undefined) return;
    node.on('peer-left', (peer, reason) => {
      this.note(index, 'peer', `takes ${peer.id.slice(0, 8)} for ${reason}`);
    });
  }

  /** Processes that serve who joins, clones aside. */
  #ready(): Ready[] {
    return [...this.places.entries()]
      .filter(([, { up, leaving, isClone }]) => (up || leaving) && !isClone)
      .map(([index]) => ({ index, node: this.cluster.node(index) }))
      .filter(({ node }) => this.#readyAt.has(node.id));
  }

  #checkReady(index: number, readiness: Readiness): void {
    try {
      readiness.check(index, this.cluster.node(index), this.#readyAt, this.nowMs);
    } catch (error) {
      this.fail(error instanceof Violation ? error : new Violation('it threw', String(error), { nodes: [index] }));
    }
  }

  #has(type: FaultType): boolean {
    return this.plan.steps.some((step) => step.type === type);
  }

  #failed(index: number, error: Error): void {
    const code: unknown = Reflect.get(error, 'code');
    // Two processes with one id are told of, as an error to the operator: here a copy was started on purpose.
    if (error.message.startsWith('Another process uses the id') && this.#has('clone')) return;
    const isOfDisk = code === 'ERR_STORE' || code === 'ERR_STORE_FULL';
    if (isOfDisk && this.#has('full-disk')) return;
    this.fail(new Violation('unexpected error', error.stack ?? String(error), { nodes: [index] }));
  }
}

function nameOf(index: number): string {
  return `node-${String(index)}.example:5000`;
}

function secretOf(seed: number): string {
  return newSecret(seededRandom(seed + 5));
}
