import type { NodeId } from '@simpledht/wire';
import { loadPeers, peersEntry } from './metadata.ts';
import { Peer } from './peer.ts';
import type { Store } from './store.ts';

/**
 * The members that this replica knows, kept in the store: a restarted one must not purge what a member that is away just
 * now still needs. Bounded by the members that the shell reports; a forgotten one is dropped.
 */
export class PeerTable {
  readonly #peers = new Map<NodeId, Peer>();
  #isChanged = false;

  constructor(store: Store) {
    for (const { id, durable } of loadPeers(store)) {
      const peer = this.open(id, undefined);
      peer.durable = durable;
      peer.remembered = true;
    }
    this.#isChanged = false;
  }

  get(id: NodeId | undefined): Peer | undefined {
    return id === undefined ? undefined : this.#peers.get(id);
  }

  /** The peer, made when it is new: as one that went down just now. */
  open(id: NodeId, nowMs: number | undefined): Peer {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = new Peer(id, nowMs);
      this.#peers.set(id, peer);
      this.#isChanged = true;
    }
    return peer;
  }

  setDurable(peer: Peer, durable: boolean): void {
    if (peer.durable === durable) return;
    peer.durable = durable;
    this.#isChanged = true;
  }

  forget(id: NodeId): void {
    if (this.#peers.delete(id)) this.#isChanged = true;
  }

  all(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  up(): Peer[] {
    return [...this.#peers.values()].filter((peer) => peer.up);
  }

  /** Those that are up and synced with. */
  partners(): Peer[] {
    return [...this.#peers.values()].filter((peer) => peer.isPartner);
  }

  save(store: Store): void {
    if (!this.#isChanged) return;
    store.apply({ meta: [peersEntry([...this.#peers.values()])] });
    this.#isChanged = false;
  }
}
