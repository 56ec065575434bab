import type { Address, HandshakePacket, HandshakeType, LinkParameters, Sealer } from '@simpledht/wire';
import {
  decodeHandshake,
  encodeHandshake,
  isIntactHandshake,
  minHelloBytes,
  noConnection,
  noParameters,
  protocolVersion,
  rejectReason,
  SimpleDHTError,
} from '@simpledht/wire';
import type { Link } from '../link/link.ts';
import type { LinkDownReason } from '../link/link-effects.ts';
import type { Random } from '../random.ts';
import type { Counters } from './counters.ts';
import type { PendingRequest } from './pending-requests.ts';
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
  readonly checksum: Sealer;
  readonly tokens: RetryTokens;
  /** 8 random bytes of this transport. */
  readonly instance: Uint8Array;
  /** What to tell a peer that we can take. */
  parametersFor(address: Address): LinkParameters;
  newLink(): Link<PendingRequest>;
  transmit(datagram: Uint8Array, to: Address): void;
  /** The session has something to do at its deadline. */
  schedule(session: Session): void;
  /** Packets may flow. `dialled`: by us, so the peer learns of it by our first packet. */
  up(session: Session, dialled: boolean, nowMs: number): void;
  /** The link is over. */
  end(session: Session, reason: LinkDownReason): void;
}

const empty = new Uint8Array(0);

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
  readonly #room: Room;

  constructor(context: HandshakeContext, nowMs: number) {
    this.#context = context;
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
    const { sessions } = this.#context;
    const identity = { address, localId: sessions.newId(), state: 'dialling' as const };
    const session = new Session(identity, this.#context.newLink(), nowMs);
    sessions.add(session);
    this.#context.schedule(session);
    return session;
  }

  /** Says hello again or gives up, when it is time. */
  tick(session: Session, nowMs: number): void {
    const { settings, random, counters } = this.#context;
    if (session.hasExpired(settings, nowMs)) this.#context.end(session, 'no answer to the handshake');
    else if (session.mustSayHello(nowMs)) {
      session.onHelloSent(settings, random, nowMs);
      counters.totals.hellosOut++;
      this.#send(session.address, 'hello', { sourceId: session.localId, token: session.token });
    }
  }

  receive(datagram: Uint8Array, from: Address, nowMs: number): void {
    const intact = isIntactHandshake(datagram, this.#context.checksum);
    const packet = intact ? this.#decode(datagram) : undefined;
    if (packet === undefined) this.#context.counters.drop('foreign');
    else if (packet.type === 'hello' && datagram.length < minHelloBytes) this.#context.counters.drop('short');
    else if (packet.clusterTag !== this.#context.settings.clusterTag) this.#context.counters.drop('cluster');
    else if (!this.#apply(packet, from, nowMs)) this.#context.counters.drop('unexpected');
  }

  /** "I know no link of this connection id", unless that would be longer than what it answers, or one of too many. */
  reset(connectionId: number, to: Address, receivedBytes: number, nowMs: number): void {
    if (!this.#resets.take(nowMs)) return;
    const packet = this.#encode('reset', { destinationId: connectionId });
    if (packet.length > receivedBytes) return;
    this.#context.counters.totals.resetsOut++;
    this.#context.transmit(packet, to);
  }

  #apply(packet: HandshakePacket, from: Address, nowMs: number): boolean {
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
        return this.#onReset(packet, from);
    }
  }

  #onHello(packet: HandshakePacket, from: Address, nowMs: number): boolean {
    const theirs = instanceText(packet.instance);
    if (theirs === this.#instance) return this.#onOwnHello(packet);
    if (!hasCommonVersion(packet)) {
      this.#reject(packet, from, rejectReason.version);
      return true;
    }
    const current = this.#context.sessions.byAddress(from);
    // Both dial: the hello of the smaller instance counts. Ours goes on; the other side drops its own for it.
    if (current?.state === 'dialling' && this.#instance < theirs) return true;
    // Late or repeated: this is the hello that made the link, or lost to the one that did.
    if (current?.state === 'up' && current.isOf(packet)) return true;
    const session = this.#sessionFor(current, packet, from, nowMs);
    if (session === undefined) return true;
    session.peer = packet;
    session.onAcceptSent(nowMs);
    this.#context.schedule(session);
    this.#send(from, 'accept', { destinationId: packet.sourceId, sourceId: session.localId });
    return true;
  }

  /** The session that answers a hello: one that waits for it already, the loser of two dials, or a new one. */
  #sessionFor(
    current: Session | undefined,
    packet: HandshakePacket,
    from: Address,
    nowMs: number,
  ): Session | undefined {
    const { sessions, settings, random } = this.#context;
    const waiting = current?.state === 'up' ? sessions.candidate(from) : current;
    if (waiting?.state === 'accepting') {
      if (!waiting.isOf(packet)) sessions.renew(waiting);
      return waiting;
    }
    if (!this.#mayAccept(packet, from, nowMs)) return undefined;
    const session = waiting ?? this.#answering(current, from, nowMs);
    session.accept(settings, random, nowMs);
    sessions.onAccepting(session);
    return session;
  }

  #answering(current: Session | undefined, address: Address, nowMs: number): Session {
    const { sessions } = this.#context;
    const identity = { address, localId: sessions.newId(), state: 'accepting' as const };
    const session = new Session(identity, this.#context.newLink(), nowMs);
    if (current === undefined) sessions.add(session);
    else sessions.addCandidate(session);
    return session;
  }

  /** Bounds the work for addresses that have proved nothing. */
  #mayAccept(packet: HandshakePacket, from: Address, nowMs: number): boolean {
    const { tokens, counters } = this.#context;
    const verdict = this.#room.forHello(packet.token, from, nowMs);
    if (verdict === 'granted') return true;
    counters.drop(verdict === 'unproven' ? verdict : 'full');
    if (verdict === 'unproven')
      this.#send(from, 'retry', { destinationId: packet.sourceId, token: tokens.make(from, nowMs) });
    else if (verdict === 'refused') this.#reject(packet, from, rejectReason.full);
    return false;
  }

  #onOwnHello(packet: HandshakePacket): boolean {
    const session = this.#context.sessions.byId(packet.sourceId);
    if (session?.isDialling !== true) return false;
    this.#context.end(session, 'own address');
    return true;
  }

  #onAccept(packet: HandshakePacket, from: Address, nowMs: number): boolean {
    const session = this.#dialled(packet, from);
    if (session === undefined || packet.sourceId === noConnection || !hasCommonVersion(packet)) return false;
    // It answers a hello of ours, but what we sent last may be an accept: no round trip was measured.
    if (session.state === 'accepting') session.attempts++;
    session.peer = packet;
    this.#context.up(session, true, nowMs);
    return true;
  }

  #onRetry(packet: HandshakePacket, from: Address): boolean {
    const session = this.#dialled(packet, from);
    // One token per dial: a stream of forged retries must not make a stream of hellos.
    if (session === undefined || session.token.length > 0) return false;
    session.token = packet.token;
    session.restartDial();
    this.#context.schedule(session);
    return true;
  }

  #onReject(packet: HandshakePacket, from: Address): boolean {
    const session = this.#dialled(packet, from);
    if (session === undefined) return false;
    const full = packet.parameters.reason === rejectReason.full;
    this.#context.end(session, full ? 'refused: too many links' : 'refused: no common protocol version');
    return true;
  }

  #onReset(packet: HandshakePacket, from: Address): boolean {
    const session = this.#context.sessions.byAddress(from);
    if (session?.state !== 'up' || session.peer?.sourceId !== packet.destinationId) return false;
    const restarted = instanceText(session.peer.instance) !== instanceText(packet.instance);
    this.#context.end(session, restarted ? 'peer restarted' : 'peer forgot the link');
    return true;
  }

  /** The dial that an answer is for. */
  #dialled(packet: HandshakePacket, from: Address): Session | undefined {
    const session = this.#context.sessions.byId(packet.destinationId);
    return session?.isDialling === true && session.address === from ? session : undefined;
  }

  #reject(packet: HandshakePacket, to: Address, reason: number): void {
    const parameters = { ...noParameters, reason };
    this.#send(to, 'reject', { destinationId: packet.sourceId, parameters });
  }

  #send(to: Address, type: HandshakeType, fields: Partial<HandshakePacket>): void {
    const told = type === 'hello' || type === 'accept';
    const parameters = told ? this.#context.parametersFor(to) : noParameters;
    this.#context.transmit(this.#encode(type, { parameters, ...fields }), to);
  }

  #encode(type: HandshakeType, fields: Partial<HandshakePacket>): Uint8Array {
    const { settings, instance, checksum } = this.#context;
    const packet: HandshakePacket = {
      destinationId: noConnection,
      sourceId: noConnection,
      clusterTag: settings.clusterTag,
      versions: protocolVersion,
      instance,
      token: empty,
      keyExchange: empty,
      parameters: noParameters,
      ...fields,
      type,
    };
    return encodeHandshake(packet, checksum);
  }

  #decode(datagram: Uint8Array): HandshakePacket | undefined {
    try {
      return decodeHandshake(datagram, this.#context.checksum);
    } catch (error) {
      if (SimpleDHTError.is(error, 'ERR_MALFORMED')) return undefined;
      throw error;
    }
  }
}

function hasCommonVersion({ versions }: HandshakePacket): boolean {
  return versions.min <= protocolVersion.max && versions.max >= protocolVersion.min;
}
