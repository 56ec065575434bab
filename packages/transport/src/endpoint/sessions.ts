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

  remove(session: Session): void {
    this.#byId.delete(session.localId);
    this.#unconfirmed.delete(session);
    if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
    if (this.#candidates.get(session.address) === session) this.#candidates.delete(session.address);
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
