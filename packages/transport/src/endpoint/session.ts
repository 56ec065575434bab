import type { Address, HandshakePacket } from '@simpledht/wire';
import { instanceBytes } from '@simpledht/wire';
import type { Link } from '../link/link.ts';
import type { Random } from '../random.ts';
import type { AeadSealer } from '../sealing/aead-sealer.ts';
import type { Dial } from '../sealing/sealing.ts';
import type { LinkRequest } from './link-request.ts';
import type { TransportSettings } from './settings.ts';
import type { TokenBucket } from './token-bucket.ts';

/**
 * `dialling`: hello sent, waiting for accept. `accepting`: accept sent; nothing else is sent before a packet with our
 * connection id proves the address. `up`: packets flow.
 */
export type SessionState = 'dialling' | 'accepting' | 'up' | 'down';

/** A link and how it came to be. */
export class Session {
  readonly address: Address;
  /** Our connection id: the peer puts it on its packets. Changed by `Sessions.renew` alone. */
  localId: number;
  readonly link: Link<LinkRequest>;
  /** This side wants it, so it says hello until the link is up, whoever else did. */
  dialled: boolean;
  state: SessionState;
  /** What the peer said in the handshake; known from `accepting` on. */
  peer: HandshakePacket | undefined;
  /** Put on the list of this turn. */
  dirty = false;
  /** Made when a packet fails its tag; see Defence. */
  failedTags: TokenBucket | undefined;
  /** Made when a payload of its peer makes no sense to the owner; see Defence. */
  nonsense: TokenBucket | undefined;
  token: Uint8Array = new Uint8Array(0);
  /** With a secret: gets its keys when the handshake is done. */
  readonly sealer: AeadSealer | undefined;
  /** With a secret: the key exchange of our hellos, and that of our accept. */
  dial: Dial | undefined;
  answer: Uint8Array | undefined;
  /** Hellos and accepts sent since the token came, or since it began to accept. */
  attempts = 0;
  #startedMs: number;
  /** When the last hello or accept was sent. */
  #sentMs: number;
  #dueMs: number;

  constructor(
    identity: { readonly address: Address; readonly localId: number; readonly state: SessionState },
    { link, sealer }: { readonly link: Link<LinkRequest>; readonly sealer: AeadSealer | undefined },
    nowMs: number,
  ) {
    this.address = identity.address;
    this.localId = identity.localId;
    this.dialled = identity.state === 'dialling';
    this.state = identity.state;
    this.link = link;
    this.sealer = sealer;
    this.#startedMs = nowMs;
    this.#sentMs = nowMs;
    this.#dueMs = nowMs;
  }

  /** When something is to be done about it. */
  deadline(settings: TransportSettings): number | undefined {
    if (this.state === 'up') return this.link.deadline();
    const expiryMs = this.#startedMs + settings.handshakeTimeoutMs;
    return this.isDialling ? Math.min(expiryMs, this.#dueMs) : expiryMs;
  }

  /** It says hello. While it accepts too: the hello that it answers may be forged, or of a process that is gone. */
  get isDialling(): boolean {
    return this.state === 'dialling' || (this.state === 'accepting' && this.dialled);
  }

  hasExpired(settings: TransportSettings, nowMs: number): boolean {
    return this.state !== 'up' && nowMs >= this.#startedMs + settings.handshakeTimeoutMs;
  }

  mustSayHello(nowMs: number): boolean {
    return this.isDialling && nowMs >= this.#dueMs;
  }

  /** The hello that it answers, or answered, came from the same process for the same link. */
  isOf(packet: HandshakePacket): boolean {
    const { peer } = this;
    return peer?.sourceId === packet.sourceId && instanceText(peer.instance) === instanceText(packet.instance);
  }

  /** This side has something to send. A handshake that a hello began has its full time from here on. */
  want(nowMs: number): void {
    if (this.dialled) return;
    this.dialled = true;
    this.#startedMs = nowMs;
  }

  /** A hello made it, or took over our dial; it has its full time, and our next hello the usual pause. */
  accept(settings: TransportSettings, random: Random, nowMs: number): void {
    this.state = 'accepting';
    this.attempts = 0;
    this.#startedMs = nowMs;
    this.#delayHello(settings, random, nowMs);
  }

  /** A token came: the next hello, with it, is due at once. */
  restartDial(): void {
    this.attempts = 0;
    this.#dueMs = this.#sentMs;
  }

  /** A hello goes out; the next is due later and later. */
  onHelloSent(settings: TransportSettings, random: Random, nowMs: number): void {
    this.#delayHello(settings, random, nowMs);
    this.onAcceptSent(nowMs);
  }

  /** Leaves the next hello where it is: a stream of forged hellos must not put off ours. */
  onAcceptSent(nowMs: number): void {
    this.#sentMs = nowMs;
    this.attempts++;
  }

  /** Only when one packet was answered by one is it clear what was measured. */
  handshakeRttMs(nowMs: number): number | undefined {
    return this.attempts === 1 ? nowMs - this.#sentMs : undefined;
  }

  #delayHello(settings: TransportSettings, random: Random, nowMs: number): void {
    const intervalMs = Math.min(settings.helloIntervalMs * 2 ** this.attempts, settings.maxHelloIntervalMs);
    const jitter = 1 + settings.probeJitter * (2 * random.next() - 1);
    this.#dueMs = nowMs + intervalMs * jitter;
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
