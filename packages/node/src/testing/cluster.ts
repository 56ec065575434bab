import { MemoryNetwork, seededRandom, VirtualClock, type Faults, type Random } from '@simpledht/transport';
import type { StoredRecord } from '@simpledht/wire';
import type { DHTNode } from '../dht-node.ts';
import type { NodeOptions } from '../options.ts';
import { Attacker } from './attacker.ts';
import { ClusterFaults } from './cluster-faults.ts';
import type { DiskCopy } from './disk.ts';
import type { DiskWatcher } from './disk-store.ts';
import { contents, firstViolation } from './invariants.ts';
import { Machines, type FalseDeath } from './machines.ts';
import { membershipViolation } from './membership-invariants.ts';

export interface TestClusterOptions {
  /** Repeats a run exactly. Default 1. */
  readonly seed?: number;
  /** One-way delay of the network, ms: uniform between the two. Default [0.1, 1]. */
  readonly delayMs?: readonly [number, number];
  /** What the network does to every node's datagrams, both ways; may be changed later with `setFaults`. */
  readonly faults?: Partial<Faults>;
  /**
   * Gives every node a disk: data counts as durable only when a flush has ended, which takes a time between these, ms; a
   * crash loses the rest. `true` is [0, 5]. Default: data is kept at once, and `restart` says whether it is still there.
   */
  readonly disk?: boolean | readonly [least: number, most: number];
  /** Further options of each node; `secret` too. */
  readonly node?: (index: number) => NodeOptions;
  /** Sees what happens to the data of the node at an index: asked for anew whenever a process starts there. */
  readonly watchDisk?: (index: number) => DiskWatcher;
  /**
   * Whether the process at an index speaks a later version of the protocol, as far as this one knows how one may differ:
   * more fields, frames and parameters, and kinds of messages that it tries. Asked for anew whenever a process starts there.
   */
  readonly isLater?: (index: number) => boolean;
}

export interface RestartOptions {
  /** The disk is as the last process left it; what was not flushed is lost. Default false: it is empty. */
  readonly keepData?: boolean;
  /** A copy of this or another node's disk is put in its place. */
  readonly from?: DiskCopy;
  /** At an address that nobody had before. Default false: the same. */
  readonly moved?: boolean;
}

const diskFlushMs = [0, 5] as const;
const startMs = Date.UTC(2026, 0, 1);
/** Virtual time after which waiting is given up, ms. */
const patienceMs = 120_000;
/** Within it all are one cluster again after whatever happened. */
const healingMs = 60_000;

/**
 * Real nodes (the same code as in production, from the codec to the facade) on a simulated network, in virtual time.
 * Nothing happens unless `advance`, `until`, `settle` or `stop` lets time pass. The first node is everyone's bootstrap.
 */
export class TestCluster extends ClusterFaults {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly random: Random;
  protected readonly machines: Machines;
  #attacker: Attacker | undefined;

  /** Use `createTestCluster`. */
  constructor(options: TestClusterOptions) {
    super();
    this.clock = new VirtualClock(startMs);
    this.random = seededRandom(options.seed ?? 1);
    const { delayMs = [0.1, 1] } = options;
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random, delayMs });
    const { disk = false, faults = {}, node = (): NodeOptions => ({}) } = options;
    const flushMs = disk === false ? undefined : disk === true ? diskFlushMs : disk;
    const { clock, random, network } = this;
    this.machines = new Machines({
      surroundings: { clock, random, network, flushMs },
      faults,
      common: node,
      watch: options.watchDisk,
      isLater: options.isLater,
    });
  }

  /** Every node, in the order of their making; crashed ones too. */
  get nodes(): readonly DHTNode[] {
    return this.machines.all.map(({ node }) => node);
  }

  /** The nodes that run. */
  get live(): readonly DHTNode[] {
    return this.machines.living.map(({ node }) => node);
  }

  /** The node at an index; throws when there is none. */
  node(index: number): DHTNode {
    return this.machines.at(index).node;
  }

  /** Where the node is, or will be when it is added. */
  addressOf(index: number): string {
    return this.machines.addressOf(index);
  }

  /**
   * Nodes declared dead while they ran. Without faults there are none; a partition that lasts, or much loss, makes some.
   */
  get falseDeaths(): readonly FalseDeath[] {
    return this.machines.falseDeaths;
  }

  /**
   * Starts one more node. It joins through `bootstrap`, by default through the first. With a copy of another's disk it is
   * that node a second time.
   */
  async add(options: NodeOptions = {}, from?: DiskCopy): Promise<DHTNode> {
    const { node } = this.machines.add(options, from);
    await node.start();
    return node;
  }

  /** Lets `ms` of virtual time pass. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Lets time pass until `condition` holds; throws after `withinMs`. */
  async until(condition: () => boolean, withinMs: number = patienceMs): Promise<void> {
    const held = await this.clock.runUntil(condition, withinMs);
    if (!held) throw new Error(`Not so within ${String(withinMs)} ms of virtual time: ${condition.toString()}`);
  }

  /** Lets time pass until the promise settles, and gives its outcome. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.until(() => settled);
    return promise;
  }

  /** Every running node is ready and knows every other as alive. */
  async formed(): Promise<void> {
    const live = this.live;
    await this.until(() => live.every((node) => node.info().ready && node.info().alive === live.length));
  }

  /** Each running node holds every other alive, where it is, and nobody else. */
  whole(): boolean {
    return this.rosterProblem() === undefined;
  }

  /** What keeps the cluster from being `whole`, in words. */
  rosterProblem(): string | undefined {
    return membershipViolation(this.machines.living);
  }

  /** Lets time pass until the cluster is `whole`; throws with what is wrong after `withinMs`, 60 s by default. */
  async healed(withinMs: number = healingMs): Promise<void> {
    await this.clock.runUntil(() => this.whole(), withinMs);
    const violation = this.rosterProblem();
    if (violation !== undefined) throw new Error(`After ${String(withinMs)} ms ${violation}`);
  }

  /** All running nodes hold the same keys, values and versions. */
  converged(): boolean {
    const [first, ...others] = this.live.map(contents);
    return others.every((other) => JSON.stringify([...other]) === JSON.stringify([...(first ?? [])]));
  }

  /**
   * Throws when the running nodes, left alone for long enough to agree, do not: each is ready, counts right, and shows the
   * same keys, values and versions as all others.
   */
  checkInvariants(): void {
    const violation = firstViolation(this.live);
    if (violation !== undefined) throw new Error(violation);
  }

  /** What the store of a node holds, deleted keys included. */
  recordsOf(index: number): Iterable<StoredRecord> {
    return this.machines.at(index).store.range();
  }

  /** What the disk under a node holds now, as a copy of its files would: for `restart`, now or much later. */
  copyDisk(index: number): DiskCopy {
    return this.machines.at(index).store.copy();
  }

  /**
   * Somebody who sees all datagrams sends so many a second, virtual, to the nodes from now on: noise, what was recorded, and
   * what was recorded with bits changed, from the addresses of nodes and of strangers; 0 ends it. Gives those sent so far.
   */
  attack(datagramsPerSecond: number): number {
    this.#attacker ??= new Attacker({
      network: this.network,
      clock: this.clock,
      random: this.random,
      targets: () => this.machines.all.map(({ address }) => address),
    });
    this.#attacker.attack(datagramsPerSecond);
    return this.#attacker.sent;
  }

  /** The node's machine gets another address while the process runs, as by DHCP or a router that starts anew. */
  async move(index: number): Promise<void> {
    await this.machines.move(index);
  }

  /** The process is gone without a word (`kill -9`); its memory and its links are lost, its disk is kept. */
  async crash(index: number): Promise<void> {
    const machine = this.machines.at(index);
    machine.up = false;
    for (const { address } of this.machines.all) machine.socket.cut(address);
    machine.store.cutOff();
    machine.clock.resume();
    // What the dead process would still do reaches neither network nor disk; stopping it ends its timers.
    await this.settle(machine.node.stop());
  }

  /**
   * Like `crash`, in no time: nothing of the process runs any more, so what it had promised to do never settles. The disk
   * may lose some of the newest transactions that it had promised to keep.
   */
  kill(index: number, lostTransactions: number = 0): void {
    const machine = this.machines.at(index);
    machine.up = false;
    machine.store.cutOff();
    machine.store.lose(lostTransactions);
    machine.clock.pause();
    // Its address is free at once.
    void machine.socket.close();
  }

  /** Begins to stop a node properly, which takes time: let some pass. */
  leave(index: number): Promise<void> {
    const machine = this.machines.at(index);
    machine.up = false;
    return machine.node.stop();
  }

  /** Starts a node anew: with the data that it had, with a copy that was made before, or empty. */
  async restart(index: number, { keepData = false, from, moved = false }: RestartOptions = {}): Promise<DHTNode> {
    const old = this.machines.at(index);
    if (old.up) throw new Error(`node ${String(index)} is running`);
    const data = from ?? (keepData ? old.store.copy() : undefined);
    const address = moved ? this.machines.freshAddress(index) : old.address;
    const { node } = this.machines.replace(index, { address, data });
    await node.start();
    return node;
  }

  /** Stops a node properly. */
  async stopNode(index: number): Promise<void> {
    const machine = this.machines.at(index);
    await this.settle(machine.node.stop());
    machine.up = false;
  }

  /** Stops every node. */
  async stop(): Promise<void> {
    this.#attacker?.attack(0);
    for (const { clock } of this.machines.living) clock.resume();
    await this.settle(Promise.all(this.live.map((node) => node.stop())));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts `size` nodes that join through the first, and lets time pass until all know all. */
export async function createTestCluster(size: number, options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = new TestCluster(options);
  for (let index = 0; index < size; index++) await cluster.add();
  await cluster.formed();
  return cluster;
}
