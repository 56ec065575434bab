import type { Socket } from 'node:dgram';
import { EvilPeer } from './evil-peer.ts';
import { digest, forgedHello, malformedDigest, hole, noise, type PacketIdentity } from './forged.ts';

/** Sends one datagram; false when there is nothing to send yet. */
type Shot = (index: number, nowMs: number) => boolean;

export const kinds = [
  'noise',
  'hellos',
  'replay',
  'wrong-address',
  'bad-tag',
  'holes',
  'digests',
  'malformed',
] as const;
export type Kind = (typeof kinds)[number];

export interface Weapons {
  /** Sends from one of many addresses, each in a network of its own. */
  readonly spray: (index: number, datagram: Uint8Array) => void;
  /** For a link of its own. */
  readonly own: Socket;
  readonly port: number;
}

const poolSize = 1024;

function pool(make: (index: number) => Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: poolSize }, (_, index) => make(index));
}

/** What is never opened may be sent again and again: packets made once for a link. */
function again(make: (identity: PacketIdentity) => Uint8Array): (identity: PacketIdentity) => Uint8Array {
  let [madeFor, packets] = [0, pool(() => new Uint8Array(0))];
  return (identity) => {
    const { connectionId, packetNumber } = identity;
    if (connectionId !== madeFor) {
      madeFor = connectionId;
      packets = pool((index) => make({ connectionId, packetNumber: index }));
    }
    return packets[packetNumber % poolSize] ?? make(identity);
  };
}

/** The ways to bother a node, by name. */
export function shotOf(kind: Kind, weapons: Weapons): Shot {
  const { own, port } = weapons;
  const spray = (datagrams: readonly Uint8Array[]): Shot => {
    return (index) => {
      const datagram = datagrams[index % datagrams.length];
      if (datagram !== undefined) weapons.spray(index, datagram);
      return true;
    };
  };
  const peer = new EvilPeer(own, port);
  const asPeer = (make: (identity: PacketIdentity) => Uint8Array, elsewhere = false): Shot => {
    return (index, nowMs) => {
      const identity = peer.next(nowMs);
      if (identity === undefined) return false;
      if (elsewhere) weapons.spray(index, make(identity));
      else peer.send(make(identity));
      return true;
    };
  };
  switch (kind) {
    case 'noise':
      return spray(pool((index) => noise(1 + ((index * 37) % 1400), index)));
    case 'hellos':
      return spray(pool(forgedHello));
    case 'replay':
      return spray([forgedHello(4711)]);
    case 'wrong-address':
      return asPeer(again(digest), true);
    case 'bad-tag':
      return asPeer(
        again((identity) => {
          const packet = digest(identity);
          packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1;
          return packet;
        }),
      );
    case 'holes':
      return asPeer(hole);
    case 'digests':
      return asPeer(digest);
    case 'malformed':
      return asPeer(malformedDigest);
  }
}
