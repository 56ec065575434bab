import type { ConnectionCounters } from '../core/connection-options.ts';
import type { DropReason } from '../core/effects.ts';

const reasons: readonly DropReason[] = [
  'foreign',
  'cluster',
  'version',
  'helloTimeout',
  'malformed',
  'partialFull',
  'tooLarge',
  'full',
  'source',
  'tls',
];

/** Counters of a transport since `open`; names are part of its interface, and those of UDP where they mean the same. */
export class Counters implements ConnectionCounters {
  bytesIn = 0;
  bytesOut = 0;
  requestsIn = 0;
  requestsOut = 0;
  /** Requests of this side that were not answered: time-out, abort, link down. */
  requestsFailed = 0;
  linksUp = 0;
  linksDown = 0;
  /** Connections begun by this side, and taken from others. */
  dials = 0;
  accepts = 0;
  /** Of both, those that are over. */
  disconnects = 0;
  /** Writes to the system; several messages share one. */
  writes = 0;
  payloadsDropped = 0;
  repliesUnwanted = 0;
  /** Payloads and requests to what is no address, or none that this transport reaches. */
  sendErrors = 0;
  /** Errors of sockets; each ended its connection. */
  socketErrors = 0;
  /** Exceptions that the owner's handlers threw. */
  handlerErrors = 0;
  readonly #dropped = new Map<DropReason, number>(reasons.map((reason) => [reason, 0]));

  drop(reason: DropReason): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  all(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [name, value] of Object.entries(this)) if (typeof value === 'number') all[name] = value;
    for (const [reason, count] of this.#dropped) all[`dropped.${reason}`] = count;
    return all;
  }
}
