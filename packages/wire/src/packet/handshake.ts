import { ByteReader, malformed } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { packetFlag, packetKind, packetVersion } from './header.ts';
import type { Sealer } from './sealer.ts';

/**
 * The packets that make a link.
 *
 * `hello` asks for one; `retry` asks for the same hello again with a token, which proves the address; `accept` answers
 * with the other side's connection id; `reject` says why not; `reset` says "I know no link of this connection id".
 * Of the last three, only `accept` names the sender's connection id.
 */
export type HandshakeType = 'hello' | 'retry' | 'accept' | 'reject' | 'reset';

export interface HandshakePacket {
  readonly type: HandshakeType;
  /** Connection id of the receiver: 0 in `hello`, the unknown one in `reset`. */
  readonly destinationId: number;
  /** Connection id under which the sender wants packets of this link. */
  readonly sourceId: number;
  /** Which cluster; packets of another are dropped without an answer. */
  readonly clusterTag: number;
  /** Protocol versions that the sender speaks, and the one that it prefers. */
  readonly versions: VersionRange;
  /** 8 random bytes of the sender's process: another one at the same address has restarted. */
  readonly instance: Uint8Array;
  /** In `retry` and the hello after it; empty otherwise. At most `maxTokenBytes`. */
  readonly token: Uint8Array;
  /** Key exchange, or in `reject` what makes it believed; empty without a secret. At most `maxKeyExchangeBytes`. */
  readonly keyExchange: Uint8Array;
  readonly parameters: LinkParameters;
}

export interface VersionRange {
  readonly min: number;
  readonly max: number;
  readonly current: number;
}

/** What the sender of a handshake packet can take. Each is 0 when it was not told. */
export interface LinkParameters {
  /** Receive buffer of the socket as the system gave it. */
  readonly receiveBufferBytes: number;
  /** Fragments that may come before the first credit. */
  readonly receiveWindowBytes: number;
  readonly maxMessageBytes: number;
  /** Largest datagram it takes. */
  readonly maxDatagramBytes: number;
  /** In `reject`: one of `rejectReason`. */
  readonly reason: number;
}

export const rejectReason = { none: 0, version: 1, full: 2 } as const;

export const instanceBytes = 8;
export const maxTokenBytes = 64;
/** Noise NNpsk0 takes 53 and 65; the rest is room. */
export const maxKeyExchangeBytes = 128;

/** A hello is padded to this, so that no answer to it is longer than it (RFC 9000 §8.1 allows three times). */
export const minHelloBytes = 144;

/** A reset is this long. What elicits an acknowledgement is padded to it, so that a reset is never longer. */
export const resetBytes = 32;

const types: readonly HandshakeType[] = ['hello', 'retry', 'accept', 'reject', 'reset'];
const parameterNames = [
  'receiveBufferBytes',
  'receiveWindowBytes',
  'maxMessageBytes',
  'maxDatagramBytes',
  'reason',
] as const;

/** Most parameters in a packet; later versions may add some. */
const maxParameters = 32;

export const noParameters: LinkParameters = {
  receiveBufferBytes: 0,
  receiveWindowBytes: 0,
  maxMessageBytes: 0,
  maxDatagramBytes: 0,
  reason: 0,
};

/** Handshake packets have no number. */
const noPacketNumber = 0;

/** A handshake packet that was read, and all of it that a key exchange speaks for. */
export interface ReceivedHandshake extends HandshakePacket {
  readonly context: Uint8Array;
}

export function encodeHandshake(packet: HandshakePacket, checksum: Sealer): Uint8Array {
  const scratch = new ByteWriter(new Uint8Array(512));
  writeHeader(scratch, packet);
  scratch.u8(packet.token.length);
  scratch.append(packet.token);
  scratch.u8(packet.keyExchange.length);
  scratch.append(packet.keyExchange);
  writeParameters(scratch, packet.parameters);
  const minBytes = packet.type === 'hello' ? minHelloBytes : 0;
  const bytes = scratch.bytes.slice(0, Math.max(scratch.offset + checksum.tagBytes, minBytes));
  checksum.seal(bytes, bytes.length - checksum.tagBytes, noPacketNumber);
  return bytes;
}

/**
 * What the key exchange of a packet authenticates: all of it, as it is on the wire, but the token, which proves an address
 * and is added on the way, the key exchange itself, padding and checksum.
 */
export function handshakeContext(packet: HandshakePacket): Uint8Array {
  const scratch = new ByteWriter(new Uint8Array(512));
  writeHeader(scratch, packet);
  writeParameters(scratch, packet.parameters);
  return scratch.bytes.slice(0, scratch.offset);
}

function writeHeader(writer: ByteWriter, packet: HandshakePacket): void {
  writer.u8(packetFlag.handshake | packetFlag.fixed | packetVersion);
  writer.u8(types.indexOf(packet.type) + 1);
  writer.u32(packet.destinationId);
  writer.u32(packet.sourceId);
  writer.u32(packet.clusterTag);
  writer.u8(packet.versions.min);
  writer.u8(packet.versions.max);
  writer.u8(packet.versions.current);
  writer.append(packet.instance);
}

function writeParameters(writer: ByteWriter, parameters: LinkParameters): void {
  const told = parameterNames.filter((name) => parameters[name] !== 0);
  writer.u8(told.length);
  for (const name of told) {
    writer.varint(parameterNames.indexOf(name) + 1);
    writer.varint(parameters[name]);
  }
}

/**
 * The tag fits. Asked first for whatever comes from strangers: it costs a tenth of the exception that `decodeHandshake`
 * throws for most of it.
 */
export function isIntactHandshake(datagram: Uint8Array, checksum: Sealer): boolean {
  const end = datagram.length - checksum.tagBytes;
  return end >= 0 && checksum.open(datagram, end, noPacketNumber);
}

/** Throws `ERR_MALFORMED`. Parameters that this version does not know are skipped, as is padding. */
export function decodeHandshake(datagram: Uint8Array, checksum: Sealer): ReceivedHandshake {
  if (packetKind(datagram) !== 'handshake') throw malformed('not a handshake packet');
  if (!isIntactHandshake(datagram, checksum)) throw malformed('its tag does not fit');
  const reader = new ByteReader(datagram, 1, datagram.length - checksum.tagBytes);
  const header = {
    type: types[reader.u8() - 1] ?? fail('unknown type of handshake packet'),
    destinationId: reader.u32(),
    sourceId: reader.u32(),
    clusterTag: reader.u32(),
    versions: { min: reader.u8(), max: reader.u8(), current: reader.u8() },
    instance: reader.take(instanceBytes),
  };
  const headerEnd = reader.offset;
  const token = readBounded(reader, maxTokenBytes);
  const keyExchange = readBounded(reader, maxKeyExchangeBytes);
  const parametersStart = reader.offset;
  const parameters = readParameters(reader);
  const context = joined(datagram.subarray(0, headerEnd), datagram.subarray(parametersStart, reader.offset));
  return { ...header, token, keyExchange, parameters, context };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function readBounded(reader: ByteReader, maxBytes: number): Uint8Array {
  const length = reader.u8();
  return length > maxBytes ? fail('a field that is too long') : reader.take(length);
}

function readParameters(reader: ByteReader): LinkParameters {
  const count = reader.u8();
  if (count > maxParameters) fail('too many parameters');
  const parameters = { ...noParameters };
  for (let index = 0; index < count; index++) {
    const name = parameterNames[reader.varint() - 1];
    const value = reader.varint();
    if (name !== undefined) parameters[name] = value;
  }
  return parameters;
}

function fail(what: string): never {
  throw malformed(what);
}
