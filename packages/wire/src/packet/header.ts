import { ByteReader, malformed } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Layout of packets, in the low bits of their first byte. Other layouts may come; datagrams of other numbers are dropped. */
export const packetVersion = 1;

/** First byte of every packet. `fixed` is always 1, so that a datagram of zeros is none of ours. */
export const packetFlag = {
  handshake: 0x80,
  fixed: 0x40,
  /** Sealed with a key; without it the tag is a checksum. Set by the sealer, as is `keyPhase`. */
  sealed: 0x20,
  /** Which of two keys, while keys change under traffic. */
  keyPhase: 0x10,
  /** The sender waits for an acknowledgement: do not delay it (the IMMEDIATE_ACK of draft-ietf-quic-ack-frequency). */
  acknowledgeNow: 0x08,
  versionMask: 0x07,
} as const;

/** Flags, the receiver's connection id, packet number. */
export const packetHeaderBytes = 11;

/** Connection id of a receiver that has not told one yet. */
export const noConnection = 0;

/** Largest packet number. At a million packets a second it lasts nine years. */
export const maxPacketNumber = 0xffff_ffff_ffff;

export interface PacketHeader {
  readonly acknowledgeNow: boolean;
  readonly connectionId: number;
  readonly packetNumber: number;
}

export function writePacketHeader(writer: ByteWriter, header: PacketHeader): void {
  const now = header.acknowledgeNow ? packetFlag.acknowledgeNow : 0;
  writer.u8(packetFlag.fixed | now | packetVersion);
  writer.u32(header.connectionId);
  writer.u48(header.packetNumber);
}

/** Which kind of packet a datagram is by its first byte; `undefined` for none of ours. */
export function packetKind(datagram: Uint8Array): 'handshake' | 'established' | undefined {
  const flags = datagram[0] ?? 0;
  if ((flags & packetFlag.fixed) === 0 || (flags & packetFlag.versionMask) !== packetVersion) return undefined;
  return (flags & packetFlag.handshake) === 0 ? 'established' : 'handshake';
}

/** Connection id of an established packet that is at least a header long. */
export function peekConnectionId(datagram: Uint8Array): number {
  // By hand, because it is done for every datagram of a flood, and a reader is garbage.
  const high = ((datagram[1] ?? 0) << 8) | (datagram[2] ?? 0);
  return high * 0x1_0000 + (((datagram[3] ?? 0) << 8) | (datagram[4] ?? 0));
}

export function readPacketHeader(datagram: Uint8Array): PacketHeader {
  const reader = new ByteReader(datagram);
  const flags = reader.u8();
  if (packetKind(datagram) !== 'established') throw malformed('not an established packet');
  return {
    acknowledgeNow: (flags & packetFlag.acknowledgeNow) !== 0,
    connectionId: reader.u32(),
    packetNumber: reader.u48(),
  };
}
