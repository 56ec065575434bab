import type { Address, VersionRange } from '@simpledht/wire';
import { closeCode, instanceBytes, packetHeaderBytes, packetKind, peekConnectionId } from '@simpledht/wire';
import type { LinkCounters } from '../link/link-counters.ts';
import type { LinkDownReason, LinkEffect } from '../link/link-effects.ts';
import { isPeersFault } from '../link/link-effects.ts';
import type { Random } from '../random.ts';
import { Sealing } from '../sealing/sealing.ts';
import type { RequestOptions, TransportHandlers } from '../transport.ts';
import { Counters } from './counters.ts';
import { Defence } from './defence.ts';
import { limitReached, linkDown, transportClosed } from './errors.ts';
import type { HandshakeContext } from './handshaker.ts';
import { Handshaker } from './handshaker.ts';
import { PendingRequests } from '../pending-requests.ts';
import { LinkRequest } from './link-request.ts';
import { KnownInstances } from './known-instances.ts';
import { LinkFactory } from './link-factory.ts';
import { Owner } from './owner.ts';
import type { EndpointParts } from './parts.ts';
import { RetryTokens } from './retry-tokens.ts';
import { Serving } from './serving.ts';
import type { Session } from './session.ts';
import { instanceText } from './session.ts';
import { Sessions } from './sessions.ts';
import type { TransportSettings } from './settings.ts';
import { TurnTimer } from './turn-timer.ts';

/**
 * An open transport: its links, and the turn in which they send.
 *
 * Datagrams are taken as they come; everything that a turn of the event loop causes is sent in one flush per link at
 * the end of it, so that an answer, the acknowledgement of its request and whatever else is due share datagrams.
 */
export class Endpoint implements HandshakeContext {
  readonly settings: TransportSettings;
  readonly random: Random;
  readonly sessions: Sessions;
  readonly counters: Counters = new Counters();
  readonly sealing: Sealing | undefined;
  readonly tokens: RetryTokens;
  readonly instance: Uint8Array;
  readonly versions: VersionRange;
  readonly #parts: EndpointParts;
  readonly owner: Owner;
  readonly #defence: Defence;
  readonly #handshaker: Handshaker;
  readonly #pending: PendingRequests<LinkRequest>;
  readonly links: LinkFactory;
  readonly #timer: TurnTimer;
  readonly #serving: Serving;
  /** Sessions with something to send at the end of this turn. */
  #dirty: Session[] = [];
  readonly #knownInstances = new KnownInstances();
  #closed = false;

  constructor(parts: EndpointParts, handlers: TransportHandlers) {
    const { keyring, random, settings } = parts;
    this.#parts = parts;
    this.sealing = keyring === undefined ? undefined : new Sealing(keyring, random, settings);
    this.owner = new Owner(handlers, this.counters.totals, parts.logger);
    const nowMs = parts.clock.monotonic();
    this.settings = settings;
    this.random = random;
    this.versions = parts.versions;
    this.instance = random.bytes(instanceBytes);
    this.sessions = new Sessions(random);
    this.tokens = new RetryTokens(random, nowMs);
    this.#pending = new PendingRequests(this.counters.totals);
    this.links = new LinkFactory(settings, parts.socket, random);
    this.#defence = new Defence(this.sessions, this.counters, settings, nowMs);
    this.#handshaker = new Handshaker(this, nowMs);
    this.#serving = new Serving({
      ...parts,
      counters: this.counters,
      owner: this.owner,
      defence: this.#defence,
      schedule: this.schedule,
    });
    this.#timer = new TurnTimer(parts.clock, (timerFired) => {
      this.#endTurn(timerFired);
    });
  }

  get linkCounters(): LinkCounters {
    return this.links.counters;
  }

  send(to: Address, payload: Uint8Array): void {
    const session = this.#handshaker.sessionTo(to, this.#parts.clock.monotonic());
    if (session === undefined) return;
    session.link.datagram(payload);
    this.schedule(session);
  }

  request(to: Address, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const { signal, timeoutMs = this.settings.requestTimeoutMs } = options;
    const nowMs = this.#parts.clock.monotonic();
    const session = this.#handshaker.sessionTo(to, nowMs);
    if (session === undefined) return Promise.reject(limitReached(`too many links for one to ${to}`));
    const dueMs = nowMs + timeoutMs;
    return new Promise((resolve, reject) => {
      const request = new LinkRequest({ to, link: session.link, dueMs }, resolve, reject);
      request.message = session.link.request(request, payload);
      if (request.message === undefined) {
        reject(limitReached(`too much is waiting for ${to}`));
        return;
      }
      this.counters.totals.requestsOut++;
      this.#pending.add(request, signal);
      this.schedule(session);
      this.#timer.wakeAt(dueMs);
    });
  }

  onDatagram(datagram: Uint8Array, from: Address): void {
    if (this.#closed) return;
    this.#serving.requests.onDatagram();
    this.counters.totals.datagramsIn++;
    this.counters.totals.bytesIn += datagram.length;
    const kind = packetKind(datagram);
    const nowMs = this.#parts.clock.monotonic();
    if (kind === undefined) this.counters.drop('foreign');
    else if (kind === 'established') this.#onPacket(datagram, from, nowMs);
    else if (this.#defence.admitsHandshake(datagram, from, nowMs)) this.#handshaker.receive(datagram, from, nowMs);
  }

  onSocketError(error: Error): void {
    this.owner.event({ type: 'error', error });
  }

  /** Rejects everything that waits, sends what was answered in this turn, and tells every peer. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.owner.silence();
    this.#timer.stop();
    this.#pending.rejectAll(transportClosed());
    const nowMs = this.#parts.clock.monotonic();
    for (const session of this.sessions.all()) {
      session.link.flush(nowMs, this.sessions.count);
      session.link.close('closed', closeCode.goingAway, nowMs);
      const last = session.link.take().filter((effect) => effect.type === 'transmit');
      // Nobody is left to repeat the goodbye, so it is said twice; the peer drops the second as repeated.
      for (const { datagram } of [...last, ...last.slice(-1)]) this.transmit(datagram, session.address);
    }
  }

  // ------------------------------------------------------------------------------- for the handshake

  transmit(datagram: Uint8Array, to: Address): void {
    this.counters.totals.datagramsOut++;
    this.counters.totals.bytesOut += datagram.length;
    this.#parts.socket.send(datagram, to);
  }

  readonly schedule = (session: Session): void => {
    if (session.dirty || this.#closed) return;
    session.dirty = true;
    this.#dirty.push(session);
    this.#timer.endTurnSoon();
  };

  up(session: Session, dialled: boolean, nowMs: number): void {
    const { peer, address } = session;
    if (peer === undefined) return;
    const instance = instanceText(peer.instance);
    const known = this.#knownInstances.get(address);
    const old = this.sessions.byAddress(address);
    if (old !== session && old !== undefined) {
      this.end(old, known === instance ? 'replaced' : 'peer restarted');
    }
    session.state = 'up';
    this.sessions.confirm(session);
    session.link.establish(this.links.peerOf(address, peer, session.handshakeRttMs(nowMs)), dialled, nowMs);
    this.#knownInstances.set(address, instance);
    this.counters.totals.linksUp++;
    this.schedule(session);
    if (known !== undefined && known !== instance) this.owner.event({ type: 'link-restarted', address });
    this.owner.event({ type: 'link-up', address });
  }

  end(session: Session, reason: LinkDownReason): void {
    if (session.state === 'down') return;
    if (reason === 'replaced') session.link.close(reason, closeCode.replaced, this.#parts.clock.monotonic());
    else session.link.fail(reason);
    this.#carryOut(session);
  }

  // ------------------------------------------------------------------------------- the turn

  #endTurn(timerFired: boolean): void {
    if (this.#closed) return;
    const nowMs = this.#parts.clock.monotonic();
    if (timerFired) this.#tick(nowMs);
    if (this.#serving.requests.serve(this.#parts.clock)) this.#timer.endTurnSoon();
    const sessions = this.#dirty;
    this.#dirty = [];
    for (const session of sessions) this.#flush(session, nowMs);
    const requestMs = this.#pending.nextMs;
    if (requestMs !== undefined) this.#timer.wakeAt(requestMs);
  }

  #tick(nowMs: number): void {
    this.#pending.expire(nowMs);
    for (const session of this.sessions.all()) {
      const deadlineMs = session.deadline(this.settings);
      if (deadlineMs === undefined) continue;
      if (deadlineMs > nowMs) this.#timer.wakeAt(deadlineMs);
      else this.schedule(session);
    }
  }

  #flush(session: Session, nowMs: number): void {
    session.dirty = false;
    if (session.state === 'up') {
      session.link.tick(nowMs);
      session.link.flush(nowMs, this.sessions.count);
    } else if (session.state !== 'down') this.#handshaker.tick(session, nowMs);
    this.#carryOut(session);
    const deadlineMs = session.deadline(this.settings);
    if (deadlineMs !== undefined && session.state !== 'down') this.#timer.wakeAt(deadlineMs);
  }

  // ------------------------------------------------------------------------------- packets

  #onPacket(datagram: Uint8Array, from: Address, nowMs: number): void {
    if (datagram.length < packetHeaderBytes) {
      this.counters.drop('short');
      return;
    }
    const connectionId = peekConnectionId(datagram);
    const session = this.sessions.byId(connectionId);
    if (session?.address === from && session.state !== 'dialling') this.#onLinkPacket(session, datagram, nowMs);
    else if (this.#defence.admitsStranger(from, nowMs)) {
      this.counters.drop('unknownLink');
      this.#handshaker.reset(connectionId, from, datagram.length, nowMs);
    }
  }

  #onLinkPacket(session: Session, datagram: Uint8Array, nowMs: number): void {
    if (!this.#defence.admitsPacketOf(session, nowMs)) return;
    if (this.#serving.requests.isFull(session)) {
      this.counters.drop('busy');
      return;
    }
    const outcome = session.link.receive(datagram, nowMs);
    if (outcome !== 'taken') this.counters.drop(outcome);
    if (outcome === 'tag') {
      this.#defence.onFailedTag(session, nowMs);
      return;
    }
    if (outcome === 'taken' && session.state === 'accepting') this.up(session, false, nowMs);
    this.#carryOut(session);
    this.schedule(session);
  }

  #carryOut(session: Session): void {
    for (const effect of session.link.take()) this.#carryOutOne(session, effect);
  }

  #carryOutOne(session: Session, effect: LinkEffect<LinkRequest>): void {
    switch (effect.type) {
      case 'transmit':
        this.transmit(effect.datagram, session.address);
        break;
      case 'request':
        this.#serving.requests.add(session, effect.requestId, effect.payload);
        break;
      case 'reply':
        this.#pending.resolve(effect.ticket, effect.payload);
        break;
      case 'datagram':
        this.owner.datagram(session.address, effect.payload, this.#serving.blameOf(session));
        break;
      case 'backpressure':
        this.owner.event({ type: 'backpressure', address: session.address, on: effect.on });
        break;
      case 'down':
        this.#onDown(session, effect.reason);
        break;
    }
  }

  // ------------------------------------------------------------------------------- links

  #onDown(session: Session, reason: LinkDownReason): void {
    const heard = session.dialled || session.state === 'up';
    session.state = 'down';
    this.#serving.requests.forget(session);
    this.sessions.remove(session);
    const { address } = session;
    this.#parts.logger.debug({ address, reason }, 'Link down');
    if (isPeersFault(reason)) this.#defence.onFault(address, this.#parts.clock.monotonic());
    this.#pending.rejectAll(linkDown(address, reason), ({ link }) => link === session.link);
    // A handshake that a stranger began and did not finish was never a link.
    if (!heard) return;
    this.counters.totals.linksDown++;
    this.owner.event({ type: 'link-down', address, reason });
  }
}
