import type { PacketOutcome } from '../link/link-effects.ts';

/** Why a datagram was dropped. Each is counted as `dropped.<reason>`. */
export type DropReason =
  | Exclude<PacketOutcome, 'taken'>
  /** Not one of our packets: its first byte does not fit, or it is a handshake packet that does not decode. */
  | 'foreign'
  /** Of another cluster. */
  | 'cluster'
  /** No link has its connection id, or the link is to another address. */
  | 'unknownLink'
  /** A handshake packet that nothing waits for. */
  | 'unexpected'
  /** Too many handshakes or links. */
  | 'full'
  /** A hello without the token that it needs; it was answered with one. */
  | 'unproven'
  /** A handshake packet made with another secret than ours, or without one; or with one where we have none. */
  | 'secret'
  /** More of no known link from one network than its share. */
  | 'flood'
  /** More hellos from one host than its share, or from all. */
  | 'helloFlood'
  /** Of a link whose share of waiting requests is full; its sender sends it again. */
  | 'busy'
  /** Of a link of which too many fail their tag. */
  | 'tagFlood';

const reasons: readonly DropReason[] = [
  'short',
  'tag',
  'repeated',
  'malformed',
  'reassemblyFull',
  'closed',
  'foreign',
  'cluster',
  'unknownLink',
  'unexpected',
  'full',
  'unproven',
  'secret',
  'flood',
  'helloFlood',
  'tagFlood',
  'busy',
];

/** Counters of a transport since `open`; names are part of its interface. */
export interface TransportCounters {
  datagramsIn: number;
  datagramsOut: number;
  bytesIn: number;
  bytesOut: number;
  requestsIn: number;
  requestsOut: number;
  /** Requests of this side that were not answered: time-out, abort, link down. */
  requestsFailed: number;
  linksUp: number;
  linksDown: number;
  hellosOut: number;
  resetsOut: number;
  /** Exceptions that the owner's handlers threw. */
  handlerErrors: number;
}

export class Counters {
  readonly totals: TransportCounters = {
    datagramsIn: 0,
    datagramsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    requestsIn: 0,
    requestsOut: 0,
    requestsFailed: 0,
    linksUp: 0,
    linksDown: 0,
    hellosOut: 0,
    resetsOut: 0,
    handlerErrors: 0,
  };
  readonly #dropped = new Map<DropReason, number>(reasons.map((reason) => [reason, 0]));

  drop(reason: DropReason): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  all(): Record<string, number> {
    const all: Record<string, number> = { ...this.totals };
    for (const [reason, count] of this.#dropped) all[`dropped.${reason}`] = count;
    return all;
  }
}
