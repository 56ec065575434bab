import type { Socket } from 'node:net';
import type { HostPort, RequestOptions, TransportHandlers } from '@simpledht/transport';
import {
  limitReached,
  Owner,
  PendingRequests,
  replyOnce,
  transportClosed,
  TurnTimer,
} from '@simpledht/transport/adapter';
import { instanceBytes, type Address, type SimpleDHTError } from '@simpledht/wire';
import type { ConnectionEffect, DownReason } from '../core/effects.ts';
import { closeCode } from '../core/frame.ts';
import type { Admitted } from './admission.ts';
import { Channel, type ChannelHost } from './channel.ts';
import { Channels, sourceOf } from './channels.ts';
import type { Counters } from './counters.ts';
import { linkDown, notAnAddress, refused } from './errors.ts';
import { Links } from './links.ts';
import { ConnectionRequest } from './connection-request.ts';
import type { EndpointParts } from './parts.ts';

/**
 * An open transport: its connections, and the turn in which they write.
 *
 * Bytes are taken as they come; everything that a turn of the event loop causes for one peer is written at its end,
 * together. Bounded by `maxConnections` and the listener's bounds.
 */
export class Endpoint implements ChannelHost {
  readonly counters: Counters;
  readonly maxWriteBytes: number;
  readonly closeTimeoutMs: number;
  readonly #parts: EndpointParts;
  readonly #owner: Owner;
  readonly #pending: PendingRequests<ConnectionRequest>;
  readonly #links: Links;
  readonly #timer: TurnTimer;
  readonly #channels: Channels;
  #dirty: Channel[] = [];
  #closed = false;
  #onEmpty: (() => void) | undefined;

  constructor(parts: EndpointParts, handlers: TransportHandlers) {
    const { clock, random, settings, counters, logger } = parts;
    this.#parts = parts;
    this.counters = counters;
    this.maxWriteBytes = settings.maxWriteBytes;
    this.closeTimeoutMs = settings.closeTimeoutMs;
    this.#owner = new Owner(handlers, counters, logger);
    const instance = random.bytes(instanceBytes);
    this.#channels = new Channels({ ...parts, instance }, this);
    this.#pending = new PendingRequests(counters);
    this.#timer = new TurnTimer(clock, (timerFired) => {
      this.#endTurn(timerFired);
    });
    this.#links = new Links({
      counters,
      instance,
      nowMs: () => this.nowMs(),
      emit: (event) => {
        this.#owner.event(event);
      },
      schedule: (channel) => {
        this.#schedule(channel);
      },
    });
  }

  nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  later(delayMs: number, callback: () => void): () => void {
    const { clock } = this.#parts;
    const timer = clock.setTimeout(callback, delayMs);
    return () => {
      clock.clearTimeout(timer);
    };
  }

  send(to: Address, payload: Uint8Array): void {
    const channel = this.#channelTo(to);
    if (!(channel instanceof Channel)) {
      this.counters.payloadsDropped++;
      return;
    }
    channel.connection.datagram(payload);
    this.#schedule(channel);
  }

  request(to: Address, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const { signal, timeoutMs = this.#parts.settings.requestTimeoutMs } = options;
    const channel = this.#channelTo(to);
    if (!(channel instanceof Channel)) return Promise.reject(channel);
    const { connection } = channel;
    const dueMs = this.nowMs() + timeoutMs;
    return new Promise((resolve, reject) => {
      const request = new ConnectionRequest({ to, dueMs }, resolve, reject);
      const message = connection.request(request, payload);
      if (message === undefined) {
        reject(limitReached(`too much is waiting for ${to}`));
        return;
      }
      request.at = { connection, id: message.id };
      this.counters.requestsOut++;
      this.#pending.add(request, signal);
      this.#schedule(channel);
      this.#timer.wakeAt(dueMs);
    });
  }

  onSocket(socket: Socket, admitted: Admitted): void {
    if (this.#closed) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    const channel = this.#channels.accept(socket, admitted);
    this.#timer.wakeAt(channel.connection.deadline());
  }

  /** Tells every peer, rejects everything that waits, and settles when all sockets are closed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.silence();
    this.#timer.stop();
    this.#pending.rejectAll(transportClosed());
    for (const channel of this.#channels.all) {
      // What was sent in this turn is not lost by closing in it.
      channel.flush();
      channel.connection.close('closed', closeCode.goingAway);
      channel.end();
    }
    if (this.#channels.isEmpty) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  // ------------------------------------------------------------------------------- for channels

  onActivity(channel: Channel): void {
    this.#carryOut(channel);
    if (channel.connection.wantsTurn) this.#schedule(channel);
  }

  onClosed(channel: Channel): void {
    this.#channels.onClosed(channel);
    if (this.#channels.isEmpty) this.#onEmpty?.();
  }

  // ------------------------------------------------------------------------------- the turn

  #schedule(channel: Channel): void {
    if (channel.dirty || this.#closed) return;
    channel.dirty = true;
    this.#dirty.push(channel);
    this.#timer.endTurnSoon();
  }

  #endTurn(timerFired: boolean): void {
    if (this.#closed) return;
    if (timerFired) this.#tick();
    const channels = this.#dirty;
    this.#dirty = [];
    for (const channel of channels) this.#flush(channel);
    const requestMs = this.#pending.nextMs;
    if (requestMs !== undefined) this.#timer.wakeAt(requestMs);
  }

  #flush(channel: Channel): void {
    channel.dirty = false;
    channel.connection.settle();
    channel.flush();
    this.#carryOut(channel);
    this.#timer.wakeAt(channel.connection.deadline());
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.#pending.expire(nowMs);
    for (const channel of this.#channels.all) {
      const { connection } = channel;
      connection.tick(nowMs);
      this.#timer.wakeAt(connection.deadline());
      if (connection.wantsTurn) this.#schedule(channel);
    }
  }

  // ------------------------------------------------------------------------------- effects

  #carryOut(channel: Channel): void {
    for (let effects = channel.connection.take(); effects.length > 0; effects = channel.connection.take())
      for (const effect of effects) this.#carryOutOne(channel, effect);
  }

  #carryOutOne(channel: Channel, effect: ConnectionEffect<ConnectionRequest>): void {
    switch (effect.type) {
      case 'hello':
        this.#onHello(channel, effect.hello.port);
        break;
      case 'request':
        this.#onRequest(channel, effect.id, effect.payload);
        break;
      case 'reply':
        this.#pending.resolve(effect.ticket, effect.payload);
        break;
      case 'refused':
        this.#pending.reject(effect.ticket, refused(effect.ticket.to, effect.tooLarge));
        break;
      case 'datagram':
        this.#owner.datagram(channel.address, effect.payload);
        break;
      case 'backpressure':
        this.#owner.event({ type: 'backpressure', address: channel.address, on: effect.on });
        break;
      case 'alive':
        this.#links.onAlive(channel, sourceOf);
        break;
      case 'drained':
        channel.connection.close('replaced', closeCode.replaced);
        break;
      case 'down':
        this.#onDown(channel, effect.reason);
        break;
    }
  }

  #onHello(channel: Channel, port: number): void {
    const { claimed, source } = this.#channels.onProven(channel, port);
    if (channel.connection.dialled || this.#makeRoom()) {
      this.#links.onHello(channel, claimed, source);
      return;
    }
    this.counters.drop('full');
    channel.connection.close('refused: too many links', closeCode.full);
  }

  #onRequest(channel: Channel, id: number, payload: Uint8Array): void {
    this.counters.requestsIn++;
    const reply = replyOnce(this.#parts.settings.maxMessageBytes, (answer) => {
      channel.connection.reply(id, answer);
      this.#schedule(channel);
    });
    this.#owner.request(channel.address, payload, reply);
  }

  #onDown(channel: Channel, reason: DownReason): void {
    const { address, connection } = channel;
    this.#parts.logger.debug({ address, reason }, 'Connection down');
    const error = linkDown(address, reason);
    for (const request of connection.takeTickets()) this.#pending.reject(request, error);
    this.#links.onDown(channel, reason);
    channel.end();
  }

  // ------------------------------------------------------------------------------- connections

  #channelTo(to: Address): Channel | SimpleDHTError {
    const known = this.#links.get(to);
    if (known !== undefined) return known;
    const target = this.#parts.dialer.target(to);
    if (target === undefined) {
      this.counters.sendErrors++;
      return notAnAddress(to);
    }
    const same = target.address === to ? undefined : this.#links.get(target.address);
    return same ?? this.#dial(target);
  }

  #dial(target: HostPort & { readonly address: Address }): Channel | SimpleDHTError {
    if (!this.#makeRoom()) return limitReached(`too many links for one to ${target.address}`);
    const channel = this.#channels.dial(target);
    this.#timer.wakeAt(channel.connection.deadline());
    this.#links.addDial(channel);
    return channel;
  }

  #makeRoom(): boolean {
    const { mayAdd, quietest } = this.#channels.room();
    if (quietest !== undefined) {
      quietest.connection.close('replaced', closeCode.replaced);
      this.#schedule(quietest);
    }
    return mayAdd;
  }
}
