import type { Address, NodeId } from '@simpledht/wire';
import type { RandomSource } from './chance.ts';

/** An acknowledgement is taken this long after its ping, however late for its probe: it still tells who lives where. */
const keepMs = 30_000;

/** Pings that wait for an acknowledgement. When full, the oldest is given up: it has had the longest time. */
const maxPings = 4096;

/** Why a ping was sent, and so what its acknowledgement means. */
export type Ping =
  /** To the target itself; `probe` when a verdict depends on it, `relay` when it is asked for another node. */
  | {
      readonly kind: 'direct';
      readonly target: NodeId;
      readonly address: Address;
      readonly sentMs: number;
      readonly probe?: Probe;
      readonly relay?: Relay;
    }
  /** To others, to ping the target: acknowledged through them. */
  | { readonly kind: 'indirect'; readonly target: NodeId; readonly sentMs: number; readonly probe: Probe };

/** One attempt to find out whether a member is alive (SWIM §4.1). */
export interface Probe {
  readonly target: NodeId;
  /** When others are asked. */
  readonly timeoutMs: number;
  /** When the verdict falls. */
  readonly endMs: number;
  /** How many others were asked; undefined before. */
  helpers: number | undefined;
  /** How many of them answered that they got nothing either. */
  nacks: number;
}

/** For whom a ping is sent on. */
interface Relay {
  readonly to: Address;
  readonly nonce: number;
}

/** The pings in flight, by nonce. Nonces are random: who has not seen a ping cannot acknowledge it. */
export class Pings {
  readonly #random: RandomSource;
  /** In order of sending. */
  readonly #pings = new Map<number, Ping>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  add(ping: Ping): number {
    this.#expire(ping.sentMs);
    let nonce = this.#draw();
    while (this.#pings.has(nonce)) nonce = this.#draw();
    this.#pings.set(nonce, ping);
    return nonce;
  }

  get(nonce: number): Ping | undefined {
    return this.#pings.get(nonce);
  }

  delete(nonce: number): void {
    this.#pings.delete(nonce);
  }

  #draw(): number {
    return Math.floor(this.#random() * 0x1_0000_0000);
  }

  #expire(nowMs: number): void {
    for (const [nonce, { sentMs }] of this.#pings) {
      if (sentMs + keepMs > nowMs && this.#pings.size < maxPings) return;
      this.#pings.delete(nonce);
    }
  }
}
