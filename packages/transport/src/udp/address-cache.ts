import type { RemoteInfo } from 'node:dgram';
import type { Address } from '@simpledht/wire';
import { formatHostPort, parseHostPort } from '../address.ts';
import type { IpFamily } from './ip.ts';
import { mapped, unmapped } from './ip.ts';

interface Target {
  /** As the system wants it. */
  readonly host: string;
  readonly port: number;
}

interface Sender {
  readonly ip: string;
  readonly address: Address;
}

/** Entries of either table; a full one is emptied. Enough for every peer of the largest cluster. */
const maxEntries = 4096;

/** Between addresses as text and as the system has them, without taking texts apart for every datagram. */
export class AddressCache {
  readonly #targets = new Map<Address, Target | undefined>();
  /** By port; of several senders with one port the last is kept. */
  readonly #senders = new Map<number, Sender>();

  /** `undefined` for what is no address. */
  target(address: Address, family: IpFamily): Target | undefined {
    const known = this.#targets.get(address);
    if (known !== undefined) return known;
    if (this.#targets.size >= maxEntries) this.#targets.clear();
    const target = parseTarget(address, family);
    if (target !== undefined) this.#targets.set(address, target);
    return target;
  }

  sender(remote: RemoteInfo): Address {
    const known = this.#senders.get(remote.port);
    if (known?.ip === remote.address) return known.address;
    if (this.#senders.size >= maxEntries) this.#senders.clear();
    const address = formatHostPort(unmapped(remote.address), remote.port);
    this.#senders.set(remote.port, { ip: remote.address, address });
    return address;
  }
}

function parseTarget(address: Address, family: IpFamily): Target | undefined {
  try {
    const { host, port } = parseHostPort(address);
    return port === 0 ? undefined : { host: mapped(host, family), port };
  } catch {
    return undefined;
  }
}
