import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import { formatHostPort } from '../address.ts';
import type { Clock } from '../clock.ts';
import { crc32 } from '../crc32.ts';
import type { DatagramSocket } from '../datagram-socket.ts';
import { TurnTimer } from '../endpoint/turn-timer.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { TransportEvent } from '../transport.ts';
import { normalIp } from '../udp/ip.ts';
import { BindingClient, type StunEffect } from './core/binding-client.ts';
import { transactionIdBytes, type StunAddress } from './core/message.ts';
import { defaultStunSettings, type StunSettings } from './core/settings.ts';

export interface PublicAddressParts {
  readonly socket: DatagramSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StunOptions {
  /** `host:port` of each; names are resolved anew each time. */
  readonly servers: readonly string[];
  readonly settings?: Partial<StunSettings>;
}

/**
 * Asks STUN servers from the socket that carries everything else, so that what they see is what peers see; again and
 * again, because a router may give another address. All servers at once: the first answer is the address.
 */
export class PublicAddress {
  readonly #parts: PublicAddressParts;
  readonly #servers: readonly string[];
  readonly #settings: StunSettings;
  readonly #client: BindingClient;
  readonly #timer: TurnTimer;
  #onEvent: (event: TransportEvent) => void = () => undefined;
  /** The address told last. */
  #told: Address | undefined;
  /** What this round has found; names still being looked up; why each server gave none. */
  #found: Address | undefined;
  #resolving = 0;
  #failures: string[] = [];
  #nextMs = Infinity;
  #closed = false;

  constructor(options: StunOptions, parts: PublicAddressParts) {
    this.#parts = parts;
    this.#settings = { ...defaultStunSettings, ...options.settings };
    this.#servers = checked(options.servers, this.#settings.maxServers);
    this.#client = new BindingClient(this.#settings, crc32);
    this.#timer = new TurnTimer(parts.clock, () => {
      this.#turn();
    });
  }

  get counters(): Record<string, number> {
    const { requestsOut, answersIn, dropped } = this.#client.counters;
    return { 'stun.requestsOut': requestsOut, 'stun.answersIn': answersIn, 'stun.dropped': dropped };
  }

  /** The socket is bound. */
  start(onEvent: (event: TransportEvent) => void): void {
    this.#onEvent = onEvent;
    this.#askAll();
  }

  /** True for STUN, which is then dealt with: the links have no use for it. */
  takes(datagram: Uint8Array, from: Address): boolean {
    if (this.#closed || !this.#client.receive(datagram, from)) return false;
    this.#perform();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#timer.stop();
  }

  #turn(): void {
    const nowMs = this.#parts.clock.monotonic();
    this.#client.tick(nowMs);
    if (this.#nextMs <= nowMs) this.#askAll();
    this.#perform();
  }

  #askAll(): void {
    this.#nextMs = Infinity;
    this.#found = undefined;
    this.#failures = [];
    this.#resolving = this.#servers.length;
    for (const name of this.#servers) void this.#ask(name);
  }

  async #ask(name: string): Promise<void> {
    const server = await this.#resolve(name);
    this.#resolving--;
    if (this.#closed) return;
    const { clock, random } = this.#parts;
    if (server !== undefined) this.#client.ask(server, random.bytes(transactionIdBytes), clock.monotonic());
    this.#perform();
  }

  async #resolve(name: string): Promise<Address | undefined> {
    try {
      const [server] = await this.#parts.socket.resolve(name);
      return server;
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #perform(): void {
    for (const effect of this.#client.take()) this.#performOne(effect);
    if (this.#resolving === 0 && this.#client.pending === 0 && this.#nextMs === Infinity) this.#endRound();
    const dueMs = Math.min(this.#client.deadline() ?? Infinity, this.#nextMs);
    if (dueMs !== Infinity) this.#timer.wakeAt(dueMs);
  }

  #performOne(effect: StunEffect): void {
    if (effect.type === 'send') this.#parts.socket.send(effect.datagram, effect.to);
    else if (effect.type === 'failed') this.#failures.push(`${effect.server}: ${effect.reason}`);
    else this.#answered(addressOf(effect.mapped), effect.server);
  }

  #answered(address: Address, server: Address): void {
    if (this.#found !== undefined) {
      if (this.#found !== address) this.#warnOfSeveral(this.#found, address);
      return;
    }
    this.#found = address;
    if (address === this.#told) return;
    this.#told = address;
    this.#onEvent({ type: 'public-address', address, server });
  }

  #endRound(): void {
    this.#nextMs = this.#parts.clock.monotonic() + this.#settings.refreshMs;
    if (this.#found !== undefined) return;
    this.#told = undefined;
    this.#onEvent({ type: 'public-address-failed', reason: this.#failures.join('; ') });
  }

  #warnOfSeveral(one: Address, other: Address): void {
    const text =
      'STUN servers see this node at different addresses: its router gives it another one for each peer, so that ' +
      'newcomers cannot reach it; forward a port to it, or map one';
    this.#parts.logger.warn({ addresses: [one, other] }, text);
  }
}

function addressOf({ ip, port }: StunAddress): Address {
  return formatHostPort(normalIp(ip), port);
}

function checked(servers: readonly unknown[], most: number): readonly string[] {
  const names = Array.isArray(servers) ? servers.filter((name) => typeof name === 'string' && name !== '') : [];
  if (names.length === servers.length && names.length <= most) return [...new Set<string>(names)];
  const text = `Option stun must be an array of up to ${String(most)} strings such as stun.example.org:3478`;
  throw new SimpleDHTError('ERR_INVALID_OPTION', text);
}
