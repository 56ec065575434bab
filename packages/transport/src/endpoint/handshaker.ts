import type { Address, VersionRange, ReceivedHandshake } from '@simpledht/wire';
import { minHelloBytes, noConnection, rejectReason } from '@simpledht/wire';
import type { LinkDownReason } from '../link/link-effects.ts';
import type { Random } from '../random.ts';
import type { OpenedHello, Sealing } from '../sealing/sealing.ts';
import type { Counters } from './counters.ts';
import { HandshakePackets } from './handshake-packets.ts';
import { plainSealer } from '../plain-sealer.ts';
import type { LinkFactory } from './link-factory.ts';
import type { Owner } from './owner.ts';
import { ResetLimit } from './reset-limit.ts';
import type { RetryTokens } from './retry-tokens.ts';
import { Room } from './room.ts';
import { instanceText, Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { TransportSettings } from './settings.ts';

/** What the handshake needs of the endpoint. */
export interface HandshakeContext {
  readonly settings: TransportSettings;
  readonly random: Random;
  readonly sessions: Sessions;
  readonly counters: Counters;
  readonly tokens: RetryTokens;
  /** 8 random bytes of this transport. */
  readonly instance: Uint8Array;
  readonly versions: VersionRange;
  readonly links: LinkFactory;
  readonly owner: Owner;
  /** With a secret: how handshakes are authenticated. */
  readonly sealing: Sealing | undefined;
  transmit(datagram: Uint8Array, to: Address): void;
  /** The session has something to do at its deadline. */
  schedule(session: Session): void;
  /** Packets may flow. `dialled`: by us, so the peer learns of it by our first packet. */
  up(session: Session, dialled: boolean, nowMs: number): void;
  /** The link is over. */
  end(session: Session, reason: LinkDownReason): void;
}

/**
 * Makes links (see PROTOCOL.md, handshake).
 *
 * Invariants: 1. no answer is longer than what it answers, and nothing but answers goes to an address that has proved
 * nothing; 2. a hello executes and replaces nothing: a link in use is replaced only when the new one is confirmed;
 * 3. of two hellos that cross, the one of the smaller instance makes the link, on both sides.
 */
export class Handshaker {
  readonly #context: HandshakeContext;
  readonly #instance: string;
  readonly #resets: ResetLimit;
  readonly #packets: HandshakePackets;
  readonly #room: Room;

  constructor(context: HandshakeContext, nowMs: number) {
    const { settings, instance, sealing, versions } = context;
    this.#context = context;
    this.#packets = new HandshakePackets({
      settings,
      instance,
      versions,
      sealing,
      parametersFor: (address) => context.links.parametersFor(address),
    });
    this.#instance = instanceText(context.instance);
    this.#room = new Room(context, nowMs);
    this.#resets = new ResetLimit(context.settings.maxResetsPerSecond);
  }

  /** The session in use, or a new one, its first hello due at once; `undefined` when there are too many links. */
  sessionTo(address: Address, nowMs: number): Session | undefined {
    const session = this.#context.sessions.byAddress(address);
    session?.want(nowMs);
    return session ?? this.#dial(address, nowMs);
  }

  #dial(address: Address, nowMs: number): Session | undefined {
    if (!this.#room.forDial()) return undefined;
    const session = this.#newSession(address, 'dialling', nowMs);
    this.#context.sessions.add(session);
    this.#context.schedule(session);
    return session;
  }

  #newSession(address: Address, state: 'dialling' | 'accepting', nowMs: number): Session {
    const { sessions, sealing } = this.#context;
    const sealer = sealing?.newSealer();
    const link = this.#context.links.newLink(sealer ?? plainSealer);
    return new Session({ address, localId: sessions.newId(), state }, { link, sealer }, nowMs);
  }

  /** Says hello again or gives up, when it is time. */
  tick(session: Session, nowMs: number): void {
    const { settings, random, counters } = this.#context;
    if (session.hasExpired(settings, nowMs)) this.#context.end(session, 'no answer to the handshake');
    else if (session.mustSayHello(nowMs)) {
      session.onHelloSent(settings, random, nowMs);
      counters.totals.hellosOut++;
      this.#context.transmit(this.#packets.hello(session), session.address);
    }
  }

  receive(datagram: Uint8Array, from: Address, nowMs: number): void {
    const packet = this.#packets.read(datagram);
    if (packet === undefined) this.#context.counters.drop('foreign');
    else if (packet.type === 'hello' && datagram.length < minHelloBytes) this.#context.counters.drop('short');
    else if (packet.clusterTag !== this.#context.settings.clusterTag) this.#context.counters.drop('cluster');
    else if (!this.#apply(packet, from, nowMs)) this.#context.counters.drop('unexpected');
  }

  /** "I know no link of this connection id", unless that would be longer than what it answers, or one of too many. */
  reset(connectionId: number, to: Address, receivedBytes: number, nowMs: number): void {
    if (!this.#resets.take(nowMs)) return;
    const packet = this.#packets.reset(connectionId);
    if (packet.length > receivedBytes) return;
    this.#context.counters.totals.resetsOut++;
    this.#context.transmit(packet, to);
  }

  #apply(packet: ReceivedHandshake, from: Address, nowMs: number): boolean {
    switch (packet.type) {
      case 'hello':
        return this.#onHello(packet, from, nowMs);
      case 'accept':
        return this.#onAccept(packet, from, nowMs);
      case 'retry':
        return this.#onRetry(packet, from);
      case 'reject':
        return this.#onReject(packet, from);
      case 'reset':
        return this.#onReset(packet, from, nowMs);
    }
  }

  #onHello(packet: ReceivedHandshake, from: Address, nowMs: number): boolean {
    const theirs = instanceText(packet.instance);
    if (theirs === this.#instance) return this.#onOwnHello(packet);
    const opened = this.#context.sealing?.open(packet);
    if (!this.#isOfOurSecret(packet, opened)) {
      this.#context.counters.drop('secret');
      this.#context.owner.otherSecret(from, this.#context.sealing !== undefined, nowMs);
      return true;
    }
    if (!this.#hasCommonVersion(packet)) {
      this.#context.transmit(this.#packets.reject(packet, opened, rejectReason.version), from);
      return true;
    }
    const current = this.#context.sessions.byAddress(from);
    // Both dial: the hello of the smaller instance counts. Ours goes on; the other side drops its own for it.
    if (current?.state === 'dialling' && this.#instance < theirs) return true;
    // Late or repeated: this is the hello that made the link, or lost to the one that did.
    if (current?.state === 'up' && current.isOf(packet)) return true;
    const session = this.#sessionFor(current, { packet, opened }, from, nowMs);
    const accept = session === undefined ? undefined : this.#packets.accept(session, packet, opened);
    if (session === undefined || accept === undefined) return true;
    session.peer = packet;
    session.onAcceptSent(nowMs);
    this.#context.schedule(session);
    this.#context.transmit(accept, from);
    return true;
  }

  /** Made with a secret of ours; or, where we have none, without one. */
  #isOfOurSecret({ keyExchange }: ReceivedHandshake, opened: OpenedHello | undefined): boolean {
    return this.#context.sealing === undefined ? keyExchange.length === 0 : opened !== undefined;
  }

  /** The session that answers a hello: one that waits for it already, the loser of two dials, or a new one. */
  #sessionFor(current: Session | undefined, hello: Hello, from: Address, nowMs: number): Session | undefined {
    const { sessions, settings, random } = this.#context;
    const waiting = current?.state === 'up' ? sessions.candidate(from) : current;
    if (waiting?.state === 'accepting') {
      if (!waiting.isOf(hello.packet)) sessions.renew(waiting);
      return waiting;
    }
    if (!this.#mayAccept(hello, from, nowMs)) return undefined;
    const session = waiting ?? this.#answering(current, from, nowMs);
    session.accept(settings, random, nowMs);
    sessions.onAccepting(session);
    return session;
  }

  #answering(current: Session | undefined, address: Address, nowMs: number): Session {
    const { sessions } = this.#context;
    const session = this.#newSession(address, 'accepting', nowMs);
    if (current === undefined) sessions.add(session);
    else sessions.addCandidate(session);
    return session;
  }

  /** Bounds the work for addresses that have proved nothing. */
  #mayAccept({ packet, opened }: Hello, from: Address, nowMs: number): boolean {
    const { tokens, counters } = this.#context;
    const verdict = this.#room.forHello(packet.token, from, nowMs);
    if (verdict === 'granted') return true;
    counters.drop(verdict === 'unproven' ? verdict : 'full');
    if (verdict === 'unproven') this.#context.transmit(this.#packets.retry(packet, tokens.make(from, nowMs)), from);
    else if (verdict === 'refused')
      this.#context.transmit(this.#packets.reject(packet, opened, rejectReason.full), from);
    return false;
  }

  #onOwnHello(packet: ReceivedHandshake): boolean {
    const session = this.#context.sessions.byId(packet.sourceId);
    if (session?.isDialling !== true) return false;
    this.#context.end(session, 'own address');
    return true;
  }

  #onAccept(packet: ReceivedHandshake, from: Address, nowMs: number): boolean {
    const session = this.#dialled(packet, from);
    if (session === undefined || packet.sourceId === noConnection || !this.#hasCommonVersion(packet)) return false;
    if (!this.#agreesWith(session, packet)) {
      this.#context.counters.drop('secret');
      return true;
    }
    // It answers a hello of ours, but what we sent last may be an accept: no round trip was measured.
    if (session.state === 'accepting') session.attempts++;
    session.peer = packet;
    this.#context.up(session, true, nowMs);
    return true;
  }

  /** The answer was made with a secret of ours, for this dial: its keys are the link's. */
  #agreesWith({ dial, sealer }: Session, packet: ReceivedHandshake): boolean {
    if (this.#context.sealing === undefined) return packet.keyExchange.length === 0;
    const keys = dial?.finish(packet);
    if (keys !== undefined) sealer?.install(keys);
    return keys !== undefined;
  }

  #onRetry(packet: ReceivedHandshake, from: Address): boolean {
    const session = this.#dialled(packet, from);
    // One token per dial: a stream of forged retries must not make a stream of hellos.
    if (session === undefined || session.token.length > 0) return false;
    session.token = packet.token;
    session.restartDial();
    this.#context.schedule(session);
    return true;
  }

  #onReject(packet: ReceivedHandshake, from: Address): boolean {
    const session = this.#dialled(packet, from);
    if (session === undefined) return false;
    if (this.#context.sealing !== undefined && session.dial?.isRefusal(packet) !== true) return false;
    const full = packet.parameters.reason === rejectReason.full;
    this.#context.end(session, full ? 'refused: too many links' : 'refused: no common protocol version');
    return true;
  }

  #onReset(packet: ReceivedHandshake, from: Address, nowMs: number): boolean {
    const session = this.#context.sessions.byAddress(from);
    if (session?.state !== 'up' || session.peer?.sourceId !== packet.destinationId) return false;
    if (this.#context.sealing !== undefined) {
      // Anybody can say so: the link itself has to fail to answer.
      session.link.suspect(nowMs);
      this.#context.schedule(session);
      return true;
    }
    const restarted = instanceText(session.peer.instance) !== instanceText(packet.instance);
    this.#context.end(session, restarted ? 'peer restarted' : 'peer forgot the link');
    return true;
  }

  #hasCommonVersion({ versions }: ReceivedHandshake): boolean {
    const own = this.#context.versions;
    return versions.min <= own.max && versions.max >= own.min;
  }

  /** The dial that an answer is for. */
  #dialled(packet: ReceivedHandshake, from: Address): Session | undefined {
    const session = this.#context.sessions.byId(packet.destinationId);
    return session?.isDialling === true && session.address === from ? session : undefined;
  }
}

/** A hello, and what its key exchange opened to. */
interface Hello {
  readonly packet: ReceivedHandshake;
  readonly opened: OpenedHello | undefined;
}
