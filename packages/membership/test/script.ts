import type {
  Address,
  MemberState,
  MembershipDatagram,
  MembershipReply,
  MembershipRequest,
  MemberUpdate,
  NodeId,
} from '@simpledht/wire';
import {
  Membership,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipNotice,
  type MembershipOptions,
} from '@simpledht/membership';
import { seeded } from './simulation/schedule.ts';

export interface Peer {
  readonly id: NodeId;
  readonly address: Address;
}

export const ownIncarnation = 1000;
export const wallMs = 1_760_000_000_000;

/** Peer number `number`: its id and address can be read off. */
export function peer(number: number): Peer {
  return { id: number.toString(16).padStart(32, '0') as NodeId, address: `10.0.0.${String(number)}:5000` };
}

export const self: Peer = peer(255);

export function update({ id, address }: Peer, state: MemberState = 'alive', incarnation = 1): MemberUpdate {
  return { id, address, state, incarnation, durable: true, accusers: [] };
}

/** The same, accused by these. */
export function accused(subject: Peer, state: 'suspect' | 'dead', by: readonly Peer[], incarnation = 1): MemberUpdate {
  return { ...update(subject, state, incarnation), accusers: by.map(({ id }) => id) };
}

/** What a member says of itself. */
export function ownWord({ id }: Peer, incarnation = 1): MemberUpdate {
  return { id, address: '', state: 'alive', incarnation, durable: true, accusers: [] };
}

export type Timed = MembershipEffect & { readonly atMs: number };

/** One core, told step by step what happens. Time starts at 0 and ticks come exactly when the core wants them. */
export class Script {
  readonly core: Membership;
  #nowMs = 0;
  #effects: Timed[] = [];
  #exchange = 0;

  constructor(options: Partial<MembershipOptions> = {}) {
    this.core = new Membership({ id: self.id, random: seeded(1), incarnation: ownIncarnation, ...options });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  tell(event: MembershipEvent): this {
    this.core.handle(event, { monotonicMs: this.#nowMs, wallMs: wallMs + this.#nowMs });
    for (const effect of this.core.take()) this.#effects.push({ ...effect, atMs: this.#nowMs });
    return this;
  }

  /** Lets time pass. */
  pass(forMs: number): this {
    const endMs = this.#nowMs + forMs;
    for (let atMs = this.core.deadline(); atMs !== undefined && atMs <= endMs; atMs = this.core.deadline()) {
      this.#nowMs = Math.max(this.#nowMs, atMs);
      this.tell({ type: 'tick' });
    }
    this.#nowMs = endMs;
    return this;
  }

  /** The process stands still: no tick comes. */
  stall(forMs: number): this {
    this.#nowMs += forMs;
    return this.pass(0);
  }

  hear(from: Address, message: MembershipDatagram): this {
    return this.tell({ type: 'datagram', from, message });
  }

  request(from: Address, message: MembershipRequest): MembershipReply | undefined {
    const exchange = ++this.#exchange;
    this.tell({ type: 'request', from, message, exchange });
    const reply = this.#effects.find((effect) => effect.type === 'reply' && effect.exchange === exchange);
    return reply?.type === 'reply' ? reply.message : undefined;
  }

  /** The peer speaks for the first time: a ping with its own word. */
  meet(...peers: readonly Peer[]): this {
    for (const other of peers) {
      this.gossip(other, [ownWord(other)]);
    }
    this.take();
    return this;
  }

  gossip(from: Peer, updates: readonly MemberUpdate[]): this {
    return this.hear(from.address, { kind: 'gossip', from: from.id, updates });
  }

  /** Answers a ping as its target would. */
  acknowledge(other: Peer, nonce: number, updates: readonly MemberUpdate[] = [ownWord(other)]): this {
    const message = {
      kind: 'ping-ack',
      from: other.id,
      nonce,
      nowMs: wallMs + this.#nowMs,
      observed: '',
      updates,
    } as const;
    return this.hear(other.address, message);
  }

  /** Takes the effects collected so far. */
  take(): Timed[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Takes the datagrams of a kind; everything else collected so far is dropped. */
  sent<Kind extends MembershipDatagram['kind']>(
    kind: Kind,
  ): { to: Address; atMs: number; message: Extract<MembershipDatagram, { kind: Kind }> }[] {
    return this.take().flatMap((effect) => {
      if (effect.type !== 'send' || effect.message.kind !== kind) return [];
      const message = effect.message as Extract<MembershipDatagram, { kind: Kind }>;
      return [{ to: effect.to, atMs: effect.atMs, message }];
    });
  }

  /** Takes the requests; everything else collected so far is dropped. */
  requests(): (Extract<MembershipEffect, { type: 'request' }> & { atMs: number })[] {
    return this.take().filter((effect) => effect.type === 'request');
  }

  /** Takes the notices; everything else collected so far is dropped. */
  notices(): MembershipNotice[] {
    return this.take().flatMap((effect) => (effect.type === 'notice' ? [effect.notice] : []));
  }

  stateOf({ id }: Peer): MemberState | undefined {
    return this.core.member(id)?.state;
  }
}
