import type { Address } from '@simpledht/wire';
import type { Checksum, StunAddress, StunMessage } from './message.ts';
import { bindingMethod, bindingRequest, isStun, readStun } from './message.ts';
import type { StunSettings } from './settings.ts';

export type StunEffect =
  | { readonly type: 'send'; readonly to: Address; readonly datagram: Uint8Array }
  | { readonly type: 'answered'; readonly server: Address; readonly mapped: StunAddress }
  | { readonly type: 'failed'; readonly server: Address; readonly reason: string };

export interface StunCounters {
  /** Requests sent, repeated ones included. */
  requestsOut: number;
  /** Answers that ended a transaction. */
  answersIn: number;
  /** STUN that nobody asked for: from elsewhere, late, with another transaction id, or broken. */
  dropped: number;
}

interface Transaction {
  readonly id: Uint8Array;
  readonly request: Uint8Array;
  sends: number;
  dueMs: number;
}

/**
 * The client side of Binding over UDP (RFC 8489 §6), as a core without IO.
 *
 * Invariants:
 * 1. One transaction a server at a time; each ends with exactly one `answered` or `failed`.
 * 2. Only what comes from the asked address with the id of its transaction ends it: whoever does not see the request
 *    has to guess 96 bits.
 * 3. Nothing that arrives makes this side send.
 */
export class BindingClient {
  readonly counters: StunCounters = { requestsOut: 0, answersIn: 0, dropped: 0 };
  readonly #settings: StunSettings;
  readonly #checksum: Checksum;
  /** By server. Bounded by `maxServers` of who asks. */
  readonly #transactions = new Map<Address, Transaction>();
  #effects: StunEffect[] = [];

  constructor(settings: StunSettings, checksum: Checksum) {
    this.#settings = settings;
    this.#checksum = checksum;
  }

  get pending(): number {
    return this.#transactions.size;
  }

  /** False when that server is being asked already. `transactionId`: 12 bytes that nobody can guess. */
  ask(server: Address, transactionId: Uint8Array, nowMs: number): boolean {
    if (this.#transactions.has(server)) return false;
    const request = bindingRequest(transactionId, this.#checksum);
    const transaction: Transaction = { id: transactionId, request, sends: 0, dueMs: nowMs };
    this.#transactions.set(server, transaction);
    this.#send(server, transaction, nowMs);
    return true;
  }

  /** True when the datagram is STUN, whatever came of it. */
  receive(datagram: Uint8Array, from: Address): boolean {
    if (!isStun(datagram)) return false;
    const transaction = this.#transactions.get(from);
    const message = transaction === undefined ? undefined : readStun(datagram, this.#checksum);
    if (transaction === undefined || message === undefined || !isAnswer(message, transaction)) this.counters.dropped++;
    else this.#end(from, message);
    return true;
  }

  /** Monotonic ms of the next needed tick. */
  deadline(): number | undefined {
    let earliestMs: number | undefined;
    for (const { dueMs } of this.#transactions.values()) earliestMs = Math.min(dueMs, earliestMs ?? dueMs);
    return earliestMs;
  }

  tick(nowMs: number): void {
    for (const [server, transaction] of this.#transactions) {
      if (transaction.dueMs > nowMs) continue;
      if (transaction.sends < this.#settings.maxSends) this.#send(server, transaction, nowMs);
      else this.#fail(server, 'no answer');
    }
  }

  take(): readonly StunEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #send(to: Address, transaction: Transaction, nowMs: number): void {
    const { rtoMs, maxSends, lastWaitFactor } = this.#settings;
    const waitMs = transaction.sends + 1 < maxSends ? rtoMs * 2 ** transaction.sends : rtoMs * lastWaitFactor;
    transaction.sends++;
    transaction.dueMs = nowMs + waitMs;
    this.counters.requestsOut++;
    this.#effects.push({ type: 'send', to, datagram: transaction.request });
  }

  #end(server: Address, { class: kind, mapped, error, unknown }: StunMessage): void {
    this.counters.answersIn++;
    if (kind === 'error')
      this.#fail(server, error === undefined ? 'an error' : `${String(error.code)} ${error.reason}`);
    // §6.3.3: what has to be understood and is not makes the whole answer useless.
    else if (unknown.length > 0) this.#fail(server, `an answer with unknown attributes (${unknown.join(', ')})`);
    else if (mapped === undefined || !isEndpoint(mapped)) this.#fail(server, 'an answer without an address');
    else {
      this.#transactions.delete(server);
      this.#effects.push({ type: 'answered', server, mapped });
    }
  }

  #fail(server: Address, reason: string): void {
    this.#transactions.delete(server);
    this.#effects.push({ type: 'failed', server, reason });
  }
}

function isAnswer(message: StunMessage, { id }: Transaction): boolean {
  if (message.method !== bindingMethod || (message.class !== 'success' && message.class !== 'error')) return false;
  return message.transactionId.every((byte, index) => byte === id[index]);
}

/** One that somebody could send to. */
function isEndpoint({ family, ip, port }: StunAddress): boolean {
  if (port === 0) return false;
  if (family === 'ipv6') return !ip.startsWith('ff') && ip !== '0:0:0:0:0:0:0:0';
  const first = Number(ip.split('.')[0]);
  return first > 0 && first < 224;
}
