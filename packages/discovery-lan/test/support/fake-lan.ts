import type { NetworkInterfaceInfo } from 'node:os';
import { seededRandom, VirtualClock, type Discovery, type Found } from '@simpledht/transport';
import type { LanDiscoveryOptions } from '../../src/index.ts';
import { LanDiscovery } from '../../src/lan-discovery.ts';
import type { MulticastSocket } from '../../src/shell/gate.ts';

type Method = Exclude<keyof MulticastSocket, 'on'> | 'createSocket' | 'interfaces';
interface Sender {
  readonly address: string;
}

/** A packet as it went over a network. */
export interface Sent {
  readonly atMs: number;
  readonly network: string;
  readonly from: string;
  readonly packet: Uint8Array;
}

/** Networks in memory, in virtual time, under real multicast-dns: each interface is on the network of its name. */
export class FakeLan {
  readonly clock: VirtualClock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly sockets: Set<FakeSocket> = new Set<FakeSocket>();

  machine(...interfaces: readonly FakeInterface[]): FakeMachine {
    return new FakeMachine(this, interfaces);
  }

  /** Everybody on that network hears it, the sender's machine too. */
  multicast(network: string, from: string, packet: Uint8Array): void {
    const type = from.includes(':') ? 'udp6' : 'udp4';
    this.sent.push({ atMs: this.clock.monotonic(), network, from, packet });
    for (const socket of this.sockets)
      if (socket.type === type && socket.hears(network))
        this.clock.setTimeout(() => {
          socket.receive(packet, from);
        }, 0);
  }
}

export interface FakeInterface {
  readonly name: string;
  readonly ips: readonly string[];
}

export class FakeMachine {
  readonly lan: FakeLan;
  readonly errors: Error[] = [];
  readonly found: (Found & { readonly atMs: number })[] = [];
  /** Calls of these fail. */
  readonly broken: Set<Method> = new Set<Method>();
  interfaces: readonly FakeInterface[];
  discovery: Discovery | undefined;

  constructor(lan: FakeLan, interfaces: readonly FakeInterface[]) {
    this.lan = lan;
    this.interfaces = interfaces;
  }

  start(
    id: number,
    { address = '0.0.0.0:5000', tags = ['aaaaaaaaaaaaaaaa'], onFound, ...options }: StartOptions = {},
  ): Discovery {
    const { clock } = this.lan;
    const discovery = new LanDiscovery(
      { clock, random: seededRandom(id), ...options },
      {
        interfaces: () => {
          this.attempt('interfaces');
          return Object.fromEntries(this.interfaces.map(({ name, ips }) => [name, ips.map(infoOf)]));
        },
        createSocket: (type) => {
          this.attempt('createSocket');
          return new FakeSocket(this, type);
        },
      },
    );
    this.discovery = discovery;
    discovery.start(
      { id: idOf(id), address, localAddresses: [address], tags },
      {
        onFound: (found) => {
          this.found.push({ ...found, atMs: clock.monotonic() });
          onFound?.(found);
        },
        onError: (error) => this.errors.push(error),
      },
    );
    return discovery;
  }

  /** Addresses that were told, each once. */
  get addresses(): readonly string[] {
    return [...new Set(this.found.map(({ address }) => address))].sort();
  }

  attempt(method: Method): void {
    if (this.broken.has(method)) throw new Error(`${method} is broken`);
  }
}

interface StartOptions extends LanDiscoveryOptions {
  readonly address?: string;
  readonly tags?: readonly string[];
  readonly onFound?: (found: Found) => void;
}

export function idOf(index: number): string {
  return index.toString(16).padStart(32, '0');
}

/** `10.0.0.1` is in a /24, `fd00::1` in a /64. */
function infoOf(ip: string): NetworkInterfaceInfo {
  const internal = ip.startsWith('127.') || ip === '::1';
  const mac = '02:00:00:00:00:01';
  if (!ip.includes(':'))
    return { address: ip, netmask: '255.255.255.0', family: 'IPv4', mac, internal, cidr: `${ip}/24` };
  const scopeid = ip.startsWith('fe80') ? 2 : 0;
  return { address: ip, netmask: 'ffff:ffff:ffff:ffff::', family: 'IPv6', mac, internal, cidr: `${ip}/64`, scopeid };
}

export class FakeSocket implements MulticastSocket {
  readonly type: 'udp4' | 'udp6';
  readonly #machine: FakeMachine;
  readonly #onMessage: ((packet: Uint8Array, sender: Sender) => void)[] = [];
  readonly #onError: ((error: Error) => void)[] = [];
  #interfaceAddress: string | undefined;
  #joined: string | undefined;

  constructor(machine: FakeMachine, type: 'udp4' | 'udp6') {
    this.#machine = machine;
    this.type = type;
    machine.lan.sockets.add(this);
  }

  on(event: 'message' | 'error', listener: (...args: never[]) => void): void {
    if (event === 'message') this.#onMessage.push(listener as (packet: Uint8Array, sender: Sender) => void);
    else this.#onError.push(listener as (error: Error) => void);
  }

  bind(_options: object, bound: () => void): void {
    this.#machine.attempt('bind');
    this.#machine.lan.clock.setTimeout(bound, 0);
  }

  addMembership(_group: string, interfaceAddress: string): void {
    this.#machine.attempt('addMembership');
    this.#joined = interfaceAddress;
  }

  setMulticastInterface(interfaceAddress: string): void {
    this.#machine.attempt('setMulticastInterface');
    this.#interfaceAddress = interfaceAddress;
  }

  setMulticastTTL(): void {
    this.#machine.attempt('setMulticastTTL');
  }

  setMulticastLoopback(): void {
    this.#machine.attempt('setMulticastLoopback');
  }

  unref(): void {
    this.#machine.attempt('unref');
  }

  send(
    packet: Uint8Array,
    _at: number,
    _length: number,
    _port: number,
    _to: string,
    sent: (error: Error | null) => void,
  ): void {
    this.#machine.attempt('send');
    const { lan } = this.#machine;
    const one = this.#interface(this.#interfaceAddress);
    const from = this.type === 'udp4' ? this.#interfaceAddress : this.#linkLocal(one);
    if (one === undefined || from === undefined) {
      lan.clock.setTimeout(() => {
        sent(new Error('ENETUNREACH'));
      }, 0);
      return;
    }
    lan.multicast(one.name, from, Buffer.from(packet));
    sent(null);
  }

  close(closed: () => void): void {
    this.#machine.attempt('close');
    this.#machine.lan.sockets.delete(this);
    closed();
  }

  hears(network: string): boolean {
    return this.#interface(this.#joined)?.name === network;
  }

  receive(packet: Uint8Array, address: string): void {
    for (const listener of this.#onMessage) listener(packet, { address });
  }

  fail(error: Error): void {
    for (const listener of this.#onError) listener(error);
  }

  #interface(address: string | undefined): FakeInterface | undefined {
    return this.#machine.interfaces.find(
      ({ name, ips }) => address !== undefined && (ips.includes(address) || address === `::%${name}`),
    );
  }

  #linkLocal(one: FakeInterface | undefined): string | undefined {
    const ip = one?.ips.find((each) => each.startsWith('fe80'));
    return ip === undefined || one === undefined ? undefined : `${ip}%${one.name}`;
  }
}
