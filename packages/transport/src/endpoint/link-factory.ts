import type { Address, HandshakePacket, LinkParameters, Sealer } from '@simpledht/wire';
import { noParameters } from '@simpledht/wire';
import type { DatagramSocket } from '../datagram-socket.ts';
import type { LinkPeer } from '../link/link.ts';
import { Link } from '../link/link.ts';
import type { LinkCounters } from '../link/link-counters.ts';
import { newLinkCounters } from '../link/link-counters.ts';
import { PacketArena } from '../link/packet-arena.ts';
import { ReassemblyBudget } from '../link/reassembly-budget.ts';
import type { Random } from '../random.ts';
import type { LinkRequest } from './link-request.ts';
import type { TransportSettings } from './settings.ts';
import { leastDatagramBytes } from './settings.ts';

/** Makes links, what they share, and what is told and heard of them in a handshake. */
export class LinkFactory {
  readonly counters: LinkCounters = newLinkCounters();
  readonly #settings: TransportSettings;
  readonly #socket: DatagramSocket;
  readonly #random: Random;
  readonly #arena = new PacketArena();
  readonly #budget: ReassemblyBudget;

  constructor(settings: TransportSettings, socket: DatagramSocket, random: Random) {
    this.#settings = settings;
    this.#socket = socket;
    this.#random = random;
    this.#budget = new ReassemblyBudget(settings.maxReassemblyBytes);
  }

  newLink(sealer: Sealer): Link<LinkRequest> {
    return new Link({
      settings: this.#settings,
      sealer,
      random: this.#random,
      arena: this.#arena,
      budget: this.#budget,
      counters: this.counters,
    });
  }

  /** What to tell a peer at `address` that we can take. */
  parametersFor(address: Address): LinkParameters {
    const { receiveWindowBytes, maxMessageBytes } = this.#settings;
    const { receiveBufferBytes } = this.#socket;
    const maxDatagramBytes = this.#datagramBytesTo(address);
    return { ...noParameters, receiveBufferBytes, receiveWindowBytes, maxMessageBytes, maxDatagramBytes };
  }

  /** What a link needs to know of the peer that sent `handshake`. */
  peerOf(address: Address, handshake: HandshakePacket, handshakeRttMs: number | undefined): LinkPeer {
    const { parameters, sourceId } = handshake;
    const bothBytes = Math.min(this.#datagramBytesTo(address), parameters.maxDatagramBytes);
    const datagramBytes = Math.max(bothBytes, leastDatagramBytes);
    return { connectionId: sourceId, parameters, datagramBytes, handshakeRttMs };
  }

  #datagramBytesTo(address: Address): number {
    const { loopbackDatagramBytes, maxDatagramBytes } = this.#settings;
    return this.#socket.isLoopback(address) ? loopbackDatagramBytes : maxDatagramBytes;
  }
}
