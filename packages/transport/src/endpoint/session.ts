import type { Address, HandshakePacket } from '@simpledht/wire';
import { instanceBytes } from '@simpledht/wire';
import type { Link } from '../link/link.ts';
import type { Random } from '../random.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { TransportSettings } from './settings.ts';

/**
 * `dialling`: hello sent, waiting for accept. `accepting`: accept sent; nothing else is sent before a packet with our
 * connection id proves the address. `up`: packets flow.
 */
export type SessionState = 'dialling' | 'accepting' | 'up' | 'down';

/** A link and how it came to be. */
export class Session {
  readonly address: Address;
  /** Our connection id: the peer puts it on its packets. */
  readonly localId: number;
  readonly link: Link<PendingRequest>;
  /** This side wanted it. */
  readonly dialled: boolean;
  state: SessionState;
  /** What the peer said in the handshake; known from `accepting` on. */
  peer: HandshakePacket | undefined;
  /** Put on the list of this turn. */
  dirty = false;
  token: Uint8Array = new Uint8Array(0);
  /** Hellos sent since the token came, or accepts. */
  attempts = 0;
  readonly #startedMs: number;
  /** When the last hello or accept was sent. */
  #sentMs: number;
  #dueMs: number;

  constructor(
    identity: { readonly address: Address; readonly localId: number; readonly state: SessionState },
    link: Link<PendingRequest>,
    nowMs: number,
  ) {
    this.address = identity.address;
    this.localId = identity.localId;
    this.dialled = identity.state === 'dialling';
    this.state = identity.state;
    this.link = link;
    this.#startedMs = nowMs;
    this.#sentMs = nowMs;
    this.#dueMs = nowMs;
  }

  /** When something is to be done about it. */
  deadline(settings: TransportSettings): number | undefined {
    if (this.state === 'up') return this.link.deadline();
    const expiryMs = this.#startedMs + settings.handshakeTimeoutMs;
    return this.state === 'dialling' ? Math.min(expiryMs, this.#dueMs) : expiryMs;
  }

  hasExpired(settings: TransportSettings, nowMs: number): boolean {
    return this.state !== 'up' && nowMs >= this.#startedMs + settings.handshakeTimeoutMs;
  }

  mustSayHello(nowMs: number): boolean {
    return this.state === 'dialling' && nowMs >= this.#dueMs;
  }

  /** A token came: the next hello, with it, is due at once. */
  restartDial(): void {
    this.attempts = 0;
    this.#dueMs = this.#sentMs;
  }

  /** A hello or an accept goes out; the next hello is due later and later. */
  onHandshakeSent(settings: TransportSettings, random: Random, nowMs: number): void {
    const intervalMs = Math.min(settings.helloIntervalMs * 2 ** this.attempts, settings.maxHelloIntervalMs);
    const jitter = 1 + settings.probeJitter * (2 * random.next() - 1);
    this.#dueMs = nowMs + intervalMs * jitter;
    this.#sentMs = nowMs;
    this.attempts++;
  }

  /** Only when one packet was answered by one is it clear what was measured. */
  handshakeRttMs(nowMs: number): number | undefined {
    return this.attempts === 1 ? nowMs - this.#sentMs : undefined;
  }
}

/** An instance as text that compares like its bytes. */
export function instanceText(instance: Uint8Array): string {
  let text = '';
  for (let index = 0; index < instanceBytes; index++) {
    text += (instance[index] ?? 0).toString(16).padStart(2, '0');
  }
  return text;
}
