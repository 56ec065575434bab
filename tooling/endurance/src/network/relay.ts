import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { seededRandom, type Random } from '@simpledht/transport';

/** Where somebody receives datagrams. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What happens to datagrams on the way, all ways alike. */
export interface Conditions {
  /** Share of datagrams, 0 … 1. */
  readonly loss: number;
  readonly duplicate: number;
  /** Share of which a bit is turned. */
  readonly corrupt: number;
  readonly delayMs: number;
  /** Up to so much more, drawn for each datagram, so that they overtake each other. */
  readonly jitterMs: number;
  /** Ways that are cut, each from a member to a member. */
  readonly cut: readonly (readonly [from: number, to: number])[];
}

export const perfect: Conditions = { loss: 0, duplicate: 0, corrupt: 0, delayMs: 0, jitterMs: 0, cut: [] };

export interface RelayOptions {
  readonly seed: number;
  /** Where each member is, if that is known yet; nobody but the relay sends there. */
  readonly members: readonly Place[];
  /** What each member is reached at; port 0 takes a free one. */
  readonly fronts: readonly Place[];
}

const bufferBytes = 4_194_304;

/**
 * Carries datagrams between members that know of each other only where the relay listens for them: what comes to the front
 * of one leaves from the front of its sender, so that each is seen at its own front. Needs no rights.
 */
export class Relay {
  readonly #members: Place[] = [];
  readonly #random: Random;
  readonly #byPlace = new Map<string, number>();
  readonly #fronts: Socket[] = [];
  #conditions = perfect;
  #cut: ReadonlySet<string> = new Set();
  #carried = 0;

  constructor({ members, seed }: RelayOptions) {
    this.#random = seededRandom(seed);
    for (const [index, place] of members.entries()) this.move(index, place);
  }

  get carried(): number {
    return this.#carried;
  }

  /** The addresses to advertise, one for each member. */
  async open(fronts: readonly Place[]): Promise<string[]> {
    const addresses: string[] = [];
    for (const [index, front] of fronts.entries()) {
      const socket = await bound(front);
      socket.on('message', (datagram, from) => {
        this.#receive(index, datagram, from);
      });
      this.#fronts.push(socket);
      addresses.push(`${front.host}:${String(socket.address().port)}`);
    }
    return addresses;
  }

  set(conditions: Conditions): void {
    this.#conditions = conditions;
    this.#cut = new Set(conditions.cut.map(([from, to]) => wayOf(from, to)));
  }

  /** A member is elsewhere from now on; its front stays. */
  move(member: number, place: Place): void {
    const former = this.#members[member];
    if (former !== undefined) this.#byPlace.delete(textOf(former));
    this.#members[member] = place;
    this.#byPlace.set(textOf(place), member);
  }

  #receive(to: number, datagram: Buffer, { address, port }: RemoteInfo): void {
    const from = this.#byPlace.get(`${address}:${String(port)}`);
    if (from === undefined || this.#cut.has(wayOf(from, to))) return;
    const { loss, duplicate, corrupt, delayMs, jitterMs } = this.#conditions;
    if (this.#happens(loss)) return;
    if (this.#happens(corrupt)) this.#turnBit(datagram);
    for (let copies = this.#happens(duplicate) ? 2 : 1; copies > 0; copies--) {
      const waitMs = delayMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0);
      if (waitMs === 0) this.#send(from, to, datagram);
      else
        setTimeout(() => {
          this.#send(from, to, datagram);
        }, waitMs);
    }
  }

  #send(from: number, to: number, datagram: Buffer): void {
    const place = this.#members[to];
    this.#carried += 1;
    if (place !== undefined) this.#fronts[from]?.send(datagram, place.port, place.host, () => undefined);
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random.next() < share;
  }

  #turnBit(datagram: Buffer): void {
    const at = Math.floor(this.#random.next() * datagram.length);
    datagram[at] = (datagram[at] ?? 0) ^ (1 << Math.floor(this.#random.next() * 8));
  }
}

function textOf({ host, port }: Place): string {
  return `${host}:${String(port)}`;
}

function wayOf(from: number, to: number): string {
  return `${String(from)} ${String(to)}`;
}

async function bound({ host, port }: Place): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    lookup: (name, _options, callback) => {
      callback(null, name, 4);
    },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, resolve);
  });
  // A member that is down answers with ICMP, which is nobody's failure here.
  socket.on('error', () => undefined);
  return socket;
}
