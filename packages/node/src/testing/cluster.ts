import {
  datagramTransport,
  MemoryNetwork,
  seededRandom,
  VirtualClock,
  withFaults,
  type Faults,
  type FaultySocket,
  type Random,
} from '@simpledht/transport';
import { DHTNode } from '../dht-node.ts';
import type { NodeOptions } from '../options.ts';
import { Attacker } from './attacker.ts';
import { DiskStore, type DiskCopy } from './disk-store.ts';
import { contents, firstViolation } from './invariants.ts';
import { NodeClock } from './node-clock.ts';
import { PausedSocket } from './paused-socket.ts';

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
}

export interface RestartOptions {
  /** The disk is as the last process left it; what was not flushed is lost. Default false: it is empty. */
  readonly keepData?: boolean;
  /** A copy of this or another node's disk is put in its place. */
  readonly from?: DiskCopy;
}

/** One place of the cluster: a process and the disk under it. */
interface Machine {
  node: DHTNode;
  socket: FaultySocket;
  store: DiskStore;
  readonly clock: NodeClock;
  readonly options: NodeOptions;
  up: boolean;
}

const diskFlushMs = [0, 5] as const;
const startMs = Date.UTC(2026, 0, 1);
/** Virtual time after which waiting is given up, ms. */
const patienceMs = 120_000;

/**
 * Real nodes (the same code as in production, from the codec to the facade) on a simulated network, in virtual time.
 * Nothing happens unless `advance`, `until`, `settle` or `stop` lets time pass. The first node is everyone's bootstrap.
 */
export class TestCluster {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly random: Random;
  readonly #options: TestClusterOptions;
  readonly #machines: Machine[] = [];
  #faults: Partial<Faults>;
  #attacker: Attacker | undefined;

  /** Use `createTestCluster`. */
  constructor(options: TestClusterOptions) {
    this.#options = options;
    this.#faults = options.faults ?? {};
    this.clock = new VirtualClock(startMs);
    this.random = seededRandom(options.seed ?? 1);
    const { delayMs = [0.1, 1] } = options;
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random, delayMs });
  }

  /** Every node, in the order of their making; crashed ones too. */
  get nodes(): readonly DHTNode[] {
    return this.#machines.map(({ node }) => node);
  }

  /** The nodes that run. */
  get live(): readonly DHTNode[] {
    return this.#machines.filter(({ up }) => up).map(({ node }) => node);
  }

  /** The node at an index; throws when there is none. */
  node(index: number): DHTNode {
    return this.#machine(index).node;
  }

  addressOf(index: number): string {
    return `10.0.0.${String(index + 1)}:5000`;
  }

  /** Starts one more node. It joins through `bootstrap`, by default through the first. */
  async add(options: NodeOptions = {}): Promise<DHTNode> {
    const index = this.#machines.length;
    const machine = this.#build(index, options);
    this.#machines.push(machine);
    await machine.node.start();
    return machine.node;
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

  /** Sets how far a node's wall clock is off, ms; while it runs, that is a jump. */
  skew(index: number, offsetMs: number): void {
    this.#machine(index).clock.offsetMs = offsetMs;
  }

  /** The process stands still (a debugger, a suspended laptop): its timers, its turns, its socket. */
  pause(index: number): void {
    this.#machine(index).clock.pause();
  }

  /** The process goes on where it stood: what came due meanwhile is late. */
  resume(index: number): void {
    this.#machine(index).clock.resume();
  }

  /** What the disk under a node holds now, as a copy of its files would: for `restart`, now or much later. */
  copyDisk(index: number): DiskCopy {
    return this.#machine(index).store.copy();
  }

  /** Changes what the network does to every datagram from now on; faults not named stay as they are. */
  setFaults(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const { socket } of this.#machines) socket.setFaults(faults);
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
      targets: () => this.#machines.map((_, index) => this.addressOf(index)),
    });
    this.#attacker.attack(datagramsPerSecond);
    return this.#attacker.sent;
  }

  /** Only nodes of the same group hear each other; indices not named are alone. */
  partition(...groups: readonly (readonly number[])[]): void {
    const groupOf = (index: number): number => groups.findIndex((group) => group.includes(index));
    this.heal();
    this.#machines.forEach(({ socket }, index) => {
      this.#machines.forEach((_, other) => {
        const together = groupOf(index) >= 0 && groupOf(other) === groupOf(index);
        if (other !== index && !together) socket.cut(this.addressOf(other));
      });
    });
  }

  /** Ends every partition. */
  heal(): void {
    for (const { socket } of this.#machines) socket.heal();
  }

  /** The process is gone without a word (`kill -9`); its memory and its links are lost, its disk is kept. */
  async crash(index: number): Promise<void> {
    const machine = this.#machine(index);
    machine.up = false;
    this.#machines.forEach((_, other) => {
      machine.socket.cut(this.addressOf(other));
    });
    machine.store.cutOff();
    machine.clock.resume();
    // What the dead process would still do reaches neither network nor disk; stopping it ends its timers.
    await this.settle(machine.node.stop());
  }

  /** Starts a node anew at the same address: with the data that it had, with a copy that was made before, or empty. */
  async restart(index: number, { keepData = false, from }: RestartOptions = {}): Promise<DHTNode> {
    const old = this.#machine(index);
    if (old.up) throw new Error(`node ${String(index)} is running`);
    const data = from ?? (keepData ? old.store.copy() : undefined);
    const machine = this.#build(index, old.options, data);
    this.#machines[index] = machine;
    await machine.node.start();
    return machine.node;
  }

  /** Stops a node properly. */
  async stopNode(index: number): Promise<void> {
    const machine = this.#machine(index);
    await this.settle(machine.node.stop());
    machine.up = false;
  }

  /** Stops every node. */
  async stop(): Promise<void> {
    this.#attacker?.attack(0);
    for (const { clock } of this.#machines) clock.resume();
    await this.settle(Promise.all(this.live.map((node) => node.stop())));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #machine(index: number): Machine {
    const machine = this.#machines[index];
    if (machine === undefined) throw new RangeError(`there is no node ${String(index)}`);
    return machine;
  }

  #build(index: number, options: NodeOptions, data?: DiskCopy): Machine {
    const clock = new NodeClock(this.clock);
    // A restarted process reads a clock that is off from its first line on.
    clock.offsetMs = this.#machines[index]?.clock.offsetMs ?? 0;
    // A source of its own per node: what one node draws does not change another's fate.
    const random = seededRandom(Math.floor(this.random.next() * 2 ** 31));
    const { disk = false } = this.#options;
    const flushMs = disk === false ? undefined : disk === true ? diskFlushMs : disk;
    const store = new DiskStore({ flushMs, clock: this.clock, random: this.random }, data);
    const network = this.network.socket(this.addressOf(index));
    const socket = withFaults(network, { clock: this.clock, random, faults: this.#faults });
    // A secret is the transport's, and the transport is made here.
    const { secret, ...others } = { ...this.#options.node?.(index), ...options };
    const sealing = secret === undefined ? {} : { secret };
    const node = new DHTNode({
      clock,
      random,
      transport: datagramTransport({ socket: new PausedSocket(socket, clock), clock, random, ...sealing }),
      store,
      bootstrap: index === 0 ? [] : [this.addressOf(0)],
      ...others,
    });
    return { node, socket, store, clock, options, up: true };
  }
}

/** Starts `size` nodes that join through the first, and lets time pass until all know all. */
export async function createTestCluster(size: number, options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = new TestCluster(options);
  for (let index = 0; index < size; index++) await cluster.add();
  await cluster.formed();
  return cluster;
}
