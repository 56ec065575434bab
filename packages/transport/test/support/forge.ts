import type { Address, Frame, HandshakePacket } from '@simpledht/wire';
import { decodeHandshake, encodeHandshake, packetHeaderBytes, packetKind, peekConnectionId } from '@simpledht/wire';
import { plainSealer } from '../../src/plain-sealer.ts';
import { encode } from './link-harness.ts';
import type { World } from './pair.ts';

/** What somebody on the way sees. */
export class Eavesdropper {
  readonly seen: { readonly from: Address; readonly to: Address; readonly datagram: Uint8Array }[] = [];

  constructor({ network }: World) {
    network.onDatagram = (from, to, datagram) => this.seen.push({ from, to, datagram: datagram.slice() });
  }

  /** Handshake packets of one type, as they were sent. */
  handshakes(type: HandshakePacket['type']): HandshakePacket[] {
    return this.seen
      .filter(({ datagram }) => packetKind(datagram) === 'handshake')
      .map(({ datagram }) => decodeHandshake(datagram.slice(), plainSealer))
      .filter((packet) => packet.type === type);
  }

  /** The connection id that packets from one to the other carry. */
  connectionId(from: Address, to: Address): number {
    const packet = this.seen.find(
      (sent) => sent.from === from && sent.to === to && packetKind(sent.datagram) === 'established',
    );
    return packet === undefined ? 0 : peekConnectionId(packet.datagram);
  }

  bytesTo(address: Address): number {
    return this.seen.filter(({ to }) => to === address).reduce((sum, { datagram }) => sum + datagram.length, 0);
  }
}

export function forgeHandshake(packet: HandshakePacket): Uint8Array {
  return encodeHandshake(packet, plainSealer);
}

/** A packet that is right in everything but who sends it. */
export function forgePacket(connectionId: number, number: number, frames: readonly Frame[]): Uint8Array {
  const packet = encode(frames, number);
  new DataView(packet.buffer).setUint32(1, connectionId);
  plainSealer.seal(packet, packetHeaderBytes, number);
  return packet;
}
