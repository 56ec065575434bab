import type { Address } from '@simpledht/wire';
import type { Random } from '../random.ts';
import type { Session } from './session.ts';

/**
 * The links of a transport: by our connection id, and the one in use for each address. Bounded by `maxLinks` for those
 * in use and by `maxPendingHandshakes` for those that a hello made and nobody confirmed.
 */
export class Sessions {
  readonly #random: Random;
  readonly #byId = new Map<number, Session>();
  /** In use: what is sent to an address goes here. */
  readonly #byAddress = new Map<Address, Session>();
  /** Made by a hello from an address that has a link in use; it takes the place of that once confirmed. */
  readonly #candidates = new Map<Address, Session>();
  readonly #unconfirmed = new Set<Session>();

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.#byAddress.size;
  }

  /** Handshakes that were answered and are not confirmed. */
  get pendingHandshakes(): number {
    return this.#unconfirmed.size;
  }

  all(): Iterable<Session> {
    return this.#byId.values();
  }

  byId(localId: number): Session | undefined {
    return this.#byId.get(localId);
  }

  byAddress(address: Address): Session | undefined {
    return this.#byAddress.get(address);
  }

  candidate(address: Address): Session | undefined {
    return this.#candidates.get(address);
  }

  /** An unguessable connection id that is not in use. */
  newId(): number {
    let id = 0;
    while (id === 0 || this.#byId.has(id)) {
      for (const byte of this.#random.bytes(4)) id = ((id << 8) | byte) >>> 0;
    }
    return id;
  }

  add(session: Session): void {
    this.#byId.set(session.localId, session);
    this.#byAddress.set(session.address, session);
  }

  addCandidate(session: Session): void {
    this.#byId.set(session.localId, session);
    this.#candidates.set(session.address, session);
  }

  /** Answers another process than before: a packet that the old one sent to the old id must not speak for the new. */
  renew(session: Session): void {
    this.#byId.delete(session.localId);
    session.localId = this.newId();
    session.attempts = 0;
    session.answer = undefined;
    this.#byId.set(session.localId, session);
  }

  /** A hello made it, or took over our own dial, and waits to be confirmed. */
  onAccepting(session: Session): void {
    this.#unconfirmed.add(session);
  }

  /** Puts a confirmed session in use. */
  confirm(session: Session): void {
    this.#unconfirmed.delete(session);
    this.#candidates.delete(session.address);
    this.#byAddress.set(session.address, session);
  }

  /** The candidate takes the place of one that was in use: a dial beside it would be ended once it is confirmed. */
  remove(session: Session): void {
    const { address } = session;
    this.#byId.delete(session.localId);
    this.#unconfirmed.delete(session);
    const candidate = this.#candidates.get(address);
    if (candidate === session) this.#candidates.delete(address);
    if (this.#byAddress.get(address) !== session) return;
    this.#byAddress.delete(address);
    this.#candidates.delete(address);
    if (candidate !== undefined) this.#byAddress.set(address, candidate);
  }

  /** The first of those that a hello made, nobody confirmed, and this side has no use for. */
  oldestUnconfirmed(): Session | undefined {
    for (const session of this.#unconfirmed) {
      if (!session.dialled && this.#byAddress.get(session.address) === session) return session;
    }
    return undefined;
  }

  /** The link that has been silent longest among those with nothing to do. */
  quietest(): Session | undefined {
    let quietest: Session | undefined;
    for (const session of this.#byAddress.values()) {
      if (session.state !== 'up' || !session.link.isQuiet) continue;
      if (quietest === undefined || session.link.heardMs < quietest.link.heardMs) quietest = session;
    }
    return quietest;
  }
}
