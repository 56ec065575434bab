import type { Blame, TransportEvent, TransportHandlers } from '@simpledht/transport';
import {
  decodeMessage,
  encodeMessage,
  type Address,
  type ClientRequest,
  type Message,
  type NodeId,
} from '@simpledht/wire';
import { isStorageRequest } from './storage-messages.ts';
import type { MembershipShell } from './membership-shell.ts';
import type { ReplicaShell } from './replica-shell.ts';

export interface InboundOptions {
  readonly membership: MembershipShell;
  readonly replica: ReplicaShell;
  readonly serve: (request: ClientRequest, from: Address, reply: (payload: Uint8Array) => void) => void;
  readonly onError: (error: Error) => void;
  /** What the transport found out about this node itself. */
  readonly onTransportEvent: (event: TransportEvent) => void;
}

/** Hands what arrives to the core it is for, by its kind. What does not decode is counted and dropped. */
export class Inbound implements TransportHandlers {
  readonly counters = { malformed: 0, unexpected: 0 };
  readonly #options: InboundOptions;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  onDatagram(from: Address, payload: Uint8Array, blame?: Blame): void {
    const message = this.#decode(payload, blame);
    switch (message?.kind) {
      case 'ping-ack':
        this.#options.membership.handle({ type: 'datagram', from, message });
        this.#clockMeasured(message.from);
        break;
      case 'ping':
      case 'ping-request':
      case 'ping-nack':
      case 'gossip':
        this.#options.membership.handle({ type: 'datagram', from, message });
        break;
      case undefined:
        break;
      default:
        this.counters.unexpected++;
    }
  }

  /** A probe was answered: the replica judges the peer's clock by what membership made of it. */
  #clockMeasured(peer: NodeId): void {
    const { clockOffsetMs: offsetMs, clockErrorMs: errorMs } = this.#options.membership.core.member(peer) ?? {};
    if (offsetMs === undefined || errorMs === undefined) return;
    this.#options.replica.handle({ type: 'clock-offset', peer, offsetMs, errorMs });
  }

  onRequest(from: Address, payload: Uint8Array, reply: (payload: Uint8Array) => void, blame?: Blame): void {
    const { membership, replica } = this.#options;
    const message = this.#decode(payload, blame);
    if (message !== undefined && isStorageRequest(message)) {
      const exchange = replica.exchanges.open(reply);
      replica.handle({ type: 'request', peer: membership.core.idOf(from), message, exchange });
      return;
    }
    switch (message?.kind) {
      case 'roster-exchange':
      case 'leave':
        membership.handle({ type: 'request', from, message, exchange: membership.exchanges.open(reply) });
        break;
      case 'client-put':
      case 'client-delete':
      case 'client-get':
      case 'client-list':
      case 'client-inspect':
      case 'client-forget':
        this.#options.serve(message, from, reply);
        break;
      default:
        this.#refuse(message, reply);
    }
  }

  onEvent(event: TransportEvent): void {
    if (event.type === 'error') this.#options.onError(event.error);
    else if (event.type === 'link-down') this.#options.membership.handle({ type: 'link-down', address: event.address });
    else if (event.type === 'link-restarted') this.#restarted(event.address);
    else this.#options.onTransportEvent(event);
  }

  /** A new process at a known address: what the old one was told, and what was on its way, is lost. */
  #restarted(address: Address): void {
    const { membership, replica } = this.#options;
    membership.handle({ type: 'link-restarted', address });
    const peer = membership.core.idOf(address);
    const state = peer === undefined ? undefined : membership.core.member(peer)?.state;
    if (peer === undefined || (state !== 'alive' && state !== 'suspect')) return;
    replica.reconnected(peer);
  }

  #decode(payload: Uint8Array, blame: Blame | undefined): Message | undefined {
    try {
      return decodeMessage(payload);
    } catch {
      this.counters.malformed++;
      blame?.();
      return undefined;
    }
  }

  #refuse(message: Message | undefined, reply: (payload: Uint8Array) => void): void {
    if (message !== undefined) this.counters.unexpected++;
    const text = message === undefined ? 'the request does not decode' : `${message.kind} is not a request`;
    reply(encodeMessage({ kind: 'failure', code: 'ERR_MALFORMED', message: text, acknowledged: 0, needed: 0 }));
  }
}
