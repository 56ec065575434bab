import type { Member } from '@simpledht/membership';
import { protocolVersion, type NodeId } from '@simpledht/wire';
import type { Parts } from './defaults.ts';
import type { Driver } from './driver/driver.ts';
import type { OwnAddress } from './own-address.ts';
import type { NodeInfo, Peer } from './types.ts';

/** What a node knows of itself and of its peers, put together from the layers. */
export class Facts {
  startedAtMs = 0;
  readonly #id: NodeId;
  readonly #parts: Parts;
  readonly #driver: Driver;

  readonly #ownAddress: OwnAddress;

  constructor(id: NodeId, parts: Parts, driver: Driver, ownAddress: OwnAddress) {
    this.#ownAddress = ownAddress;
    this.#id = id;
    this.#parts = parts;
    this.#driver = driver;
  }

  get publicAddress(): string | undefined {
    return this.#ownAddress.current;
  }

  info(): NodeInfo {
    const { transport, store, clock } = this.#parts;
    const { core } = this.#driver.replica;
    return {
      id: this.#id,
      address: transport.address,
      localAddresses: transport.localAddresses,
      publicAddress: this.publicAddress,
      ready: core.ready,
      size: core.size,
      tombstones: core.tombstones,
      bytes: store.bytes,
      members: this.#driver.knownMembers,
      alive: this.#driver.aliveMembers,
      uptimeMs: clock.monotonic() - this.startedAtMs,
      protocol: protocolVersion.current,
      secure: transport.secure,
    };
  }

  peers(): readonly Peer[] {
    const inSync = new Map(this.#driver.replica.core.peers().map((each) => [each.peer, each.inSync]));
    return this.#driver.membership.core.members.map((member) => this.#toPeer(member, inSync.get(member.id) ?? false));
  }

  peer(member: Member): Peer {
    const [sync] = this.#driver.replica.core.peers(member.id);
    return this.#toPeer(member, sync?.inSync ?? false);
  }

  /** Counters since the start, by layer and name. */
  metrics(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const { membership, replica, inbound, finder } = this.#driver;
    return {
      transport: { ...this.#parts.transport.counters },
      membership: { ...membership.core.counters, 'local-health': membership.core.health },
      storage: { ...replica.core.counters },
      node: { ...inbound.counters },
      ...(finder === undefined ? {} : { discovery: { ...finder.counters } }),
    };
  }

  #toPeer({ id, address, state, rttMs, clockOffsetMs, lastSeenMs }: Member, inSync: boolean): Peer {
    const lastSeenAgoMs = lastSeenMs === undefined ? undefined : this.#parts.clock.monotonic() - lastSeenMs;
    return { id, address, state, rttMs, clockOffsetMs, lastSeenAgoMs, inSync };
  }
}

/** `host:port` or `[v6]:port` taken apart. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
