import { decodeMessage, encodeMessage } from '@simpledht/wire';
import type { Address, Instant, MembershipReply, NodeId } from '@simpledht/wire';
import {
  Membership,
  type Member,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipNotice,
  type MembershipSettings,
} from '@simpledht/membership';
import { Schedule, seeded } from './schedule.ts';
import { sizeOf, type MembershipMessage } from './sizes.ts';

const wallStartMs = 1_760_000_000_000;

/** When a lost request is sent again, like a transport does. */
const retransmissionMs = [0, 100, 300, 700, 1500, 3000];

/** What a packet adds to one message: head, packet number, frame head, checksum (PACKETS.md). */
const packetBytes = 18;

/** Of so many messages one goes through its bytes, if any does: that takes time, and messages are immutable. */
const encodedOf = 16;

/** What a transport sends instead of a message to where it has no link (PACKETS.md, hello). */
const helloBytes = 144;

type RequestEffect = Extract<MembershipEffect, { type: 'request' }>;

export interface SimulationOptions {
  readonly seed: number;
  /** Part of the datagrams that get lost. */
  readonly loss?: number;
  /** One way, drawn anew for each datagram. */
  readonly delayMs?: readonly [number, number];
  readonly settings?: Partial<MembershipSettings>;
  /** The bytes of messages are counted, and one in sixteen goes through them. Default false. */
  readonly codec?: boolean;
  /** Hears of every notice instead of the node's own list, which grows with the square of the nodes. */
  readonly onNotice?: (node: SimulatedNode, notice: MembershipNotice) => void;
}

export interface NodeOptions {
  readonly id?: NodeId;
  readonly address?: Address;
  readonly bootstrap?: readonly Address[];
  /** What an earlier life knew. */
  readonly known?: readonly Member[];
  /** Its wall clock is ahead by this. */
  readonly skewMs?: number;
  /** Its store outlives it. Default true. */
  readonly durable?: boolean;
}

/** A message on its way. */
interface Packet<M> {
  readonly bytes: number;
  readonly message: M;
}

export interface TimedNotice {
  readonly atMs: number;
  readonly notice: MembershipNotice;
}

/** One simulated process: a core and its shell. */
export class SimulatedNode {
  readonly id: NodeId;
  readonly address: Address;
  readonly skewMs: number;
  readonly core: Membership;
  readonly notices: TimedNotice[] = [];
  running = true;
  datagramsSent = 0;
  /** Everything that left, requests, their repetitions and answers included; bytes are counted with the codec only. */
  packetsSent = 0;
  bytesSent = 0;
  requestsSent = 0;
  /** What came while the process stood still. */
  frozen: MembershipEvent[] | undefined;
  /** The pending timer; an older one finds another number and does nothing. */
  timer = 0;
  /** When it goes off: at the core's deadline or before. */
  timerMs: number = Infinity;

  constructor(id: NodeId, address: Address, skewMs: number, core: Membership) {
    this.id = id;
    this.address = address;
    this.skewMs = skewMs;
    this.core = core;
  }

  /** Ids of members in a state. */
  idsOf(...states: readonly string[]): NodeId[] {
    return this.core.members.filter(({ state }) => states.includes(state)).map(({ id }) => id);
  }

  noticesOf<Type extends MembershipNotice['type']>(type: Type): Extract<MembershipNotice, { type: Type }>[] {
    return this.notices.map(({ notice }) => notice).filter((notice) => notice.type === type) as Extract<
      MembershipNotice,
      { type: Type }
    >[];
  }
}

/**
 * Many cores, one virtual network. Datagrams are lost and delayed; requests are repeated until their time is over, run at
 * most once, and fail by time-out, as a transport does it. Names resolve to themselves unless `name` says otherwise.
 */
export class Simulation {
  readonly schedule: Schedule = new Schedule();
  readonly nodes: SimulatedNode[] = [];
  loss: number;
  readonly #random: () => number;
  readonly #delayMs: readonly [number, number];
  readonly #settings: Partial<MembershipSettings>;
  readonly #codec: boolean;
  readonly #onNotice: SimulationOptions['onNotice'];
  /** Who listens at an address now. */
  readonly #listening = new Map<Address, SimulatedNode>();
  readonly #names = new Map<string, readonly Address[]>();
  #isCut: (from: Address, to: Address) => boolean = () => false;
  #lastExchange = 0;
  #messages = 0;
  readonly #replies = new Map<number, (message: MembershipReply) => void>();

  constructor({ seed, loss = 0, delayMs = [0.1, 2], settings = {}, codec = false, onNotice }: SimulationOptions) {
    this.#random = seeded(seed);
    this.loss = loss;
    this.#delayMs = delayMs;
    this.#settings = settings;
    this.#codec = codec;
    this.#onNotice = onNotice;
  }

  get nowMs(): number {
    return this.schedule.nowMs;
  }

  get running(): SimulatedNode[] {
    return this.nodes.filter(({ running }) => running);
  }

  start(options: NodeOptions = {}): SimulatedNode {
    const index = this.nodes.length;
    const address = options.address ?? `10.0.${String(index >> 8)}.${String(index & 255)}:5000`;
    const id = options.id ?? this.#drawId();
    const skewMs = options.skewMs ?? 0;
    const incarnation = Math.floor((wallStartMs + skewMs + this.nowMs) / 1000);
    const { durable = true } = options;
    const core = new Membership({ id, random: this.#random, incarnation, settings: this.#settings, durable });
    const node = new SimulatedNode(id, address, skewMs, core);
    this.nodes.push(node);
    this.#listening.set(address, node);
    if (options.known !== undefined) this.tell(node, { type: 'recall', members: options.known });
    for (const name of options.bootstrap ?? []) this.tell(node, { type: 'join', name });
    return node;
  }

  /** `count` nodes, all joining through the first. */
  startMany(count: number): SimulatedNode[] {
    const seed = this.start();
    return [seed, ...Array.from({ length: count - 1 }, () => this.start({ bootstrap: [seed.address] }))];
  }

  /** What a name resolves to from now on. */
  name(name: string, addresses: readonly Address[]): void {
    this.#names.set(name, addresses);
  }

  /** `kill -9`. */
  kill(node: SimulatedNode): void {
    node.running = false;
    if (this.#listening.get(node.address) === node) this.#listening.delete(node.address);
  }

  leave(node: SimulatedNode): void {
    this.tell(node, { type: 'leave' });
  }

  /** `kill -STOP`: datagrams wait in the socket, timers are late. */
  freeze(node: SimulatedNode): void {
    node.frozen = [];
  }

  thaw(node: SimulatedNode): void {
    const events = node.frozen ?? [];
    node.frozen = undefined;
    // Timers run before sockets are read.
    for (const event of [{ type: 'tick' } as const, ...events]) this.tell(node, event);
  }

  /** Cuts what the predicate says; nothing by default. */
  cut(isCut: (from: Address, to: Address) => boolean = () => false): void {
    this.#isCut = isCut;
  }

  /** Nodes of different groups do not reach each other. */
  partition(...groups: readonly (readonly SimulatedNode[])[]): void {
    const groupOf = new Map(groups.flatMap((group, index) => group.map(({ address }) => [address, index] as const)));
    this.cut((from, to) => groupOf.get(from) !== groupOf.get(to));
  }

  run(forMs: number): void {
    this.schedule.runUntil(this.nowMs + forMs);
  }

  /** Ms until the condition held, looked at every 50 ms; Infinity if it did not within the limit. */
  runUntil(holds: () => boolean, limitMs: number): number {
    const startMs = this.nowMs;
    while (this.nowMs - startMs < limitMs) {
      if (holds()) return this.nowMs - startMs;
      this.run(50);
    }
    return holds() ? this.nowMs - startMs : Infinity;
  }

  tell(node: SimulatedNode, event: MembershipEvent): void {
    if (!node.running) return;
    if (node.frozen !== undefined) {
      if (event.type !== 'tick') node.frozen.push(event);
      return;
    }
    node.core.handle(event, this.#instant(node));
    for (const effect of node.core.take()) this.#perform(node, effect);
    this.#arm(node);
  }

  /** Everyone running holds exactly everyone else that runs as alive. */
  isWhole(): boolean {
    const count = this.running.length;
    return this.running.every(({ core }) => {
      const live = core.members.filter(({ state }) => state === 'alive');
      return live.length === count - 1 && live.every(({ address, id }) => this.#listening.get(address)?.id === id);
    });
  }

  #instant(node: SimulatedNode): Instant {
    return { monotonicMs: this.nowMs, wallMs: wallStartMs + this.nowMs + node.skewMs };
  }

  /** One timer that is early is cheaper than one for each deadline, as most deadlines move away from it. */
  #arm(node: SimulatedNode): void {
    const atMs = node.core.deadline();
    if (atMs === undefined || atMs >= node.timerMs) return;
    const timer = ++node.timer;
    node.timerMs = atMs;
    this.schedule.at(atMs, () => {
      if (node.timer !== timer) return;
      node.timerMs = Infinity;
      if (!node.running) return;
      if ((node.core.deadline() ?? Infinity) <= this.nowMs) this.tell(node, { type: 'tick' });
      else this.#arm(node);
    });
  }

  #perform(node: SimulatedNode, effect: MembershipEffect): void {
    switch (effect.type) {
      case 'send':
        node.datagramsSent++;
        this.#carry(node, effect.to, this.#packed(effect.message), (target, message) => {
          this.tell(target, { type: 'datagram', from: node.address, message });
        });
        return;
      case 'request':
        node.requestsSent++;
        this.#request(node, effect);
        return;
      case 'reply':
        this.#replies.get(effect.exchange)?.(effect.message);
        this.#replies.delete(effect.exchange);
        return;
      case 'resolve':
        this.schedule.after(1, () => {
          const addresses = this.#names.get(effect.name) ?? [effect.name];
          this.tell(node, { type: 'resolved', name: effect.name, addresses });
        });
        return;
      case 'notice':
        if (this.#onNotice === undefined) node.notices.push({ atMs: this.nowMs, notice: effect.notice });
        else this.#onNotice(node, effect.notice);
    }
  }

  #packed<M extends MembershipMessage>(message: M): Packet<M> {
    if (!this.#codec) return { bytes: 0, message };
    const bytes = sizeOf(message) + packetBytes;
    if (this.#messages++ % encodedOf > 0) return { bytes, message };
    const encoded = encodeMessage(message);
    if (encoded.length + packetBytes !== bytes) throw new Error(`${message.kind} is said to be ${String(bytes)} bytes`);
    // What was encoded here comes back as what it was.
    return { bytes, message: decodeMessage(encoded) as M };
  }

  /** One datagram: lost, cut, or delivered to whoever listens there when it arrives. */
  #carry<M>(
    node: SimulatedNode,
    to: Address,
    packet: Packet<M>,
    deliver: (target: SimulatedNode, message: M) => void,
  ): void {
    node.packetsSent++;
    const isCut = this.#isCut(node.address, to);
    node.bytesSent += isCut ? helloBytes : packet.bytes;
    if (this.#random() < this.loss || isCut) return;
    const [low, high] = this.#delayMs;
    this.schedule.after(low + this.#random() * (high - low), () => {
      const target = this.#listening.get(to);
      if (target !== undefined) deliver(target, packet.message);
    });
  }

  #request(node: SimulatedNode, { to, message: asked, exchange, timeoutMs }: RequestEffect): void {
    let settled = false;
    const settle = (event: MembershipEvent): void => {
      if (settled) return;
      settled = true;
      this.tell(node, event);
    };
    let arrived = false;
    const deliver = (target: SimulatedNode, message: typeof asked): void => {
      if (arrived) return;
      arrived = true;
      const number = ++this.#lastExchange;
      this.#replies.set(number, (reply) => {
        const packet = this.#packed(reply);
        const isSettled = (): boolean => settled;
        this.#repeat(isSettled, () => {
          this.#carry(target, node.address, packet, (asker, answer) => {
            if (asker === node) settle({ type: 'answered', exchange, message: answer });
          });
        });
      });
      this.tell(target, { type: 'request', from: node.address, message, exchange: number });
    };
    const packet = this.#packed(asked);
    const isOver = (): boolean => arrived || settled;
    this.#repeat(isOver, () => {
      this.#carry(node, to, packet, deliver);
    });
    this.schedule.after(timeoutMs, () => {
      settle({ type: 'failed', exchange, reason: 'timed out' });
    });
  }

  #repeat(done: () => boolean, send: () => void, attempt = 0): void {
    const delayMs = retransmissionMs[attempt];
    if (delayMs === undefined) return;
    this.schedule.after(delayMs - (retransmissionMs[attempt - 1] ?? 0), () => {
      if (done()) return;
      send();
      this.#repeat(done, send, attempt + 1);
    });
  }

  #drawId(): NodeId {
    let id = '';
    while (id.length < 32) id += Math.floor(this.#random() * 16).toString(16);
    return id as NodeId;
  }
}
