import { limits, type Address, type Instant, type MemberUpdate, type NodeId } from '@simpledht/wire';
import type { Outbox } from './outbox.ts';
import { hearsayBound, isPlausible } from './precedence.ts';
import { utf8Bytes } from './text.ts';

/** Addresses at which this node was observed; more than one behind NAT or with several interfaces. The oldest goes. */
const maxObservedAddresses = 8;

const conflictPauseMs = 60_000;

export interface SelfOptions {
  /** This node. Never made from an address: two nodes on `0.0.0.0:5000` are two nodes. */
  readonly id: NodeId;
  /** Where the own incarnation starts: wall-clock seconds, so that a later life outranks an earlier one. */
  readonly incarnation: number;
  /** Where others are to reach this node, if that is not where its messages come from. Used once it has answered there. */
  readonly advertise?: Address;
  /** Its store outlives its process, so that others wait for its return for days, not minutes. Default true. */
  readonly durable?: boolean;
}

/**
 * This node, as it speaks of itself.
 *
 * Invariants:
 * 1. Only this class changes the own incarnation, and it only grows.
 * 2. An accusation at the own incarnation or above is outbid at once; older ones are ignored.
 */
export class Self {
  readonly id: NodeId;
  /** Where it wishes to be reached; '' when it does not know and receivers take the source of its messages. */
  advertise: Address;
  /** Its store outlives its process. */
  readonly durable: boolean;
  #incarnation: number;
  #leaving = false;
  #outbidEarlierLife = false;
  #conflictToldMs = -Infinity;
  readonly #observed: Address[] = [];
  readonly #outbox: Outbox;

  constructor(options: SelfOptions, outbox: Outbox) {
    this.id = options.id;
    this.#incarnation = options.incarnation;
    this.advertise = options.advertise ?? '';
    this.durable = options.durable ?? true;
    this.#outbox = outbox;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  leave(): void {
    this.#leaving = true;
  }

  get update(): MemberUpdate {
    const { id, advertise: address, durable, incarnation } = this;
    return { id, address, state: 'alive', incarnation, durable, accusers: [] };
  }

  /** True for an address at which peers have seen this node. */
  answersAt(address: Address): boolean {
    return this.#observed.includes(address) || (address !== '' && address === this.advertise);
  }

  /** A peer says from where this node's messages come. True when nobody has told that address before. */
  observe(address: Address): boolean {
    if (address === '' || utf8Bytes(address) > limits.maxAddressBytes || this.#observed.includes(address)) return false;
    if (this.#observed.push(address) > maxObservedAddresses) this.#observed.shift();
    return true;
  }

  /** What others say of this node. True when it was an accusation, or a rival, that is now outbid and must be told. */
  hear(update: MemberUpdate, now: Instant): boolean {
    if (this.#leaving || !isPlausible(update, hearsayBound(this.#incarnation))) return false;
    return update.state === 'alive' ? this.#hearAlive(update, now) : this.#refute(update);
  }

  /** Another process speaks with this node's id. */
  conflict(address: Address, incarnation: number, now: Instant): void {
    this.#outbox.count('identity-conflicts');
    if (now.monotonicMs - this.#conflictToldMs < conflictPauseMs) return;
    this.#conflictToldMs = now.monotonicMs;
    this.#outbox.notice({ type: 'identity-conflict', address, incarnation });
  }

  #refute(update: MemberUpdate): boolean {
    if (update.incarnation < this.#incarnation) return false;
    this.#incarnation = update.incarnation + 1;
    this.#outbox.count('refutations');
    return true;
  }

  /**
   * "You are alive at an incarnation that you never had": an earlier life of this node whose clock was ahead, to be outbid
   * once. When it happens again, somebody else lives under this id and outbids back.
   */
  #hearAlive(update: MemberUpdate, now: Instant): boolean {
    if (update.incarnation <= this.#incarnation) return false;
    if (this.#outbidEarlierLife) this.conflict('', update.incarnation, now);
    this.#outbidEarlierLife = true;
    this.#incarnation = update.incarnation + 1;
    return true;
  }
}
