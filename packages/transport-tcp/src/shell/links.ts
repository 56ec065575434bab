import { KnownInstances } from '@simpledht/transport/adapter';
import type { TransportEvent } from '@simpledht/transport';
import type { Address } from '@simpledht/wire';
import type { DownReason } from '../core/effects.ts';
import { compareInstances, instanceText } from '../core/hello.ts';
import type { Channel } from './channel.ts';
import type { Counters } from './counters.ts';

/** The connections to one address. One is used; the others come and go. */
interface Link {
  /** Up, and used. */
  current: Channel | undefined;
  /** Called by us, not up yet; what is sent meanwhile waits on it. */
  dialling: Channel | undefined;
  /** A peer that claims the address of `current`, which is to prove that it lives. */
  challenger: Channel | undefined;
}

export interface LinksOptions {
  readonly counters: Counters;
  /** Of this transport. */
  readonly instance: Uint8Array;
  nowMs(): number;
  emit(event: TransportEvent): void;
  /** The channel has effects, or something to write. */
  schedule(channel: Channel): void;
}

/**
 * Which connection is used for which address.
 *
 * Invariants: 1. of two connections that cross, both sides use the one that the smaller instance dialled, and the other
 * one ends when its requests are answered; 2. a link that lives is not replaced by whoever claims its address from the
 * same machine: only a dial of our own proves who listens there; 3. `link-up` and `link-down` of an address alternate.
 */
export class Links {
  readonly #options: LinksOptions;
  readonly #byAddress = new Map<Address, Link>();
  readonly #instances = new KnownInstances();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** The connection to send on. */
  get(address: Address): Channel | undefined {
    const link = this.#byAddress.get(address);
    return link?.current ?? link?.dialling;
  }

  addDial(channel: Channel): void {
    this.#link(channel.address).dialling = channel;
  }

  isCurrent(channel: Channel): boolean {
    return this.#byAddress.get(channel.address)?.current === channel;
  }

  /** A peer has said who it is. `other`: what to call an accepted one whose claim does not hold. */
  onHello(channel: Channel, claimed: Address, other: Address): void {
    const link = this.#link(claimed);
    const { current } = link;
    const isOther = current !== undefined && !this.#isSamePeer(current, channel);
    if (channel.connection.dialled || !isOther) {
      this.#adopt(channel, claimed);
      return;
    }
    if (link.challenger !== undefined) {
      this.#adopt(channel, other);
      return;
    }
    channel.address = claimed;
    link.challenger = channel;
    current.connection.challenge(this.#options.nowMs());
    this.#options.schedule(current);
  }

  /** A challenged link lives; `other` tells what to call the challenger. */
  onAlive(channel: Channel, other: (challenger: Channel) => Address): void {
    const link = this.#byAddress.get(channel.address);
    const challenger = link?.challenger;
    if (link === undefined || challenger === undefined) return;
    link.challenger = undefined;
    this.#adopt(challenger, other(challenger));
  }

  onDown(channel: Channel, reason: DownReason): void {
    const { address } = channel;
    const link = this.#byAddress.get(address);
    if (link === undefined) return;
    const { challenger } = link;
    const wasUsed = link.current === channel || (link.dialling === channel && link.current === undefined);
    if (link.current === channel) link.current = undefined;
    if (link.dialling === channel) link.dialling = undefined;
    if (challenger === channel) link.challenger = undefined;
    if (wasUsed) {
      this.#options.counters.linksDown++;
      this.#options.emit({ type: 'link-down', address, reason });
      if (challenger !== undefined && challenger !== channel) {
        link.challenger = undefined;
        this.#adopt(challenger, address);
      }
    }
    if ((link.current ?? link.dialling ?? link.challenger) === undefined) this.#byAddress.delete(address);
  }

  #adopt(channel: Channel, address: Address): void {
    const link = this.#link(address);
    channel.address = address;
    if (link.dialling === channel) link.dialling = undefined;
    channel.connection.accept();
    this.#options.schedule(channel);
    const { current } = link;
    if (current !== undefined && this.#isSamePeer(current, channel) && this.#isCrossing(current, channel)) {
      this.#resolveCrossing(link, current, channel);
      return;
    }
    if (current !== undefined) this.#replace(current, channel);
    // A handler may have ended all links meanwhile.
    if (channel.connection.isDown) return;
    this.#link(address).current = channel;
    this.#takeWaiting(link, channel);
    this.#tellUp(channel);
  }

  #resolveCrossing(link: Link, current: Channel, added: Channel): void {
    const peer = added.connection.peer?.instance ?? this.#options.instance;
    const ownIsUsed = compareInstances(this.#options.instance, peer) < 0;
    const used = current.connection.dialled === ownIsUsed ? current : added;
    const spare = used === current ? added : current;
    link.current = used;
    spare.connection.retire(this.#options.nowMs());
    this.#options.schedule(spare);
  }

  /** A connection that the peer has given up, or of a process that is no more. */
  #replace(old: Channel, by: Channel): void {
    old.connection.onLost(this.#isSamePeer(old, by) ? 'replaced' : 'peer restarted');
    this.#options.schedule(old);
    const link = this.#byAddress.get(old.address);
    if (link?.current !== old) return;
    link.current = undefined;
    this.#options.counters.linksDown++;
    const reason = this.#isSamePeer(old, by) ? 'replaced' : 'peer restarted';
    this.#options.emit({ type: 'link-down', address: old.address, reason });
  }

  /** What waits for a dial of ours goes on a connection of the peer's. A dial that has begun to talk may go on. */
  #takeWaiting(link: Link, channel: Channel): void {
    const { dialling } = link;
    if (dialling === undefined) return;
    dialling.connection.moveTo(channel.connection, (request, message) => {
      request.at = { connection: channel.connection, id: message.id };
    });
    if (!dialling.connection.isConnecting) return;
    link.dialling = undefined;
    dialling.connection.onLost('replaced');
    this.#options.schedule(dialling);
  }

  #tellUp({ address, connection }: Channel): void {
    const instance = instanceText(connection.peer?.instance ?? this.#options.instance);
    const known = this.#instances.get(address);
    this.#instances.set(address, instance);
    this.#options.counters.linksUp++;
    if (known !== undefined && known !== instance) this.#options.emit({ type: 'link-restarted', address });
    this.#options.emit({ type: 'link-up', address });
  }

  #isSamePeer(a: Channel, b: Channel): boolean {
    const [one, other] = [a.connection.peer, b.connection.peer];
    return one !== undefined && other !== undefined && compareInstances(one.instance, other.instance) === 0;
  }

  #isCrossing(a: Channel, b: Channel): boolean {
    return a.connection.dialled !== b.connection.dialled;
  }

  #link(address: Address): Link {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const link: Link = { current: undefined, dialling: undefined, challenger: undefined };
    this.#byAddress.set(address, link);
    return link;
  }
}
