import { randomBytes } from 'node:crypto';
import { plainSealer } from '@simpledht/transport/adapter';
import {
  ByteWriter,
  encodeHandshake,
  encodeMessage,
  noConnection,
  noParameters,
  packetHeaderBytes,
  protocolVersion,
  writeFragment,
  writePacketHeader,
  writeWholeMessage,
  type NodeId,
  type Origin,
} from '@simpledht/wire';

/** A hello of a process that does not exist. */
export function forgedHello(sourceId: number): Uint8Array {
  const empty = new Uint8Array(0);
  const parameters = {
    ...noParameters,
    receiveBufferBytes: 4_194_304,
    receiveWindowBytes: 4_194_304,
    maxMessageBytes: 16_842_752,
    maxDatagramBytes: 16_000,
  };
  const packet = {
    type: 'hello',
    destinationId: noConnection,
    sourceId,
    clusterTag: 0,
    versions: protocolVersion,
    instance: new Uint8Array(randomBytes(8)),
    token: empty,
    keyExchange: empty,
    parameters,
  } as const;
  return encodeHandshake(packet, plainSealer);
}

/** Half of them begin as a packet does. */
export function noise(length: number, index: number): Uint8Array {
  const bytes = new Uint8Array(randomBytes(length));
  bytes[0] = [0x41, 0xc1, bytes[0] ?? 0, bytes[0] ?? 0][index % 4] ?? 0;
  return bytes;
}

export interface PacketIdentity {
  readonly connectionId: number;
  readonly packetNumber: number;
}

const scratch = new Uint8Array(16_000);

/** A packet with a tag that fits; `write` puts its frames. */
function packetOf({ connectionId, packetNumber }: PacketIdentity, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(scratch);
  writePacketHeader(writer, { acknowledgeNow: false, connectionId, packetNumber });
  write(writer);
  const packet = writer.bytes.slice(0, Math.max(writer.offset, packetHeaderBytes) + plainSealer.tagBytes);
  plainSealer.seal(packet, packet.length - plainSealer.tagBytes, packetNumber);
  return packet;
}

const longestMessage = 16_842_752;
const part = new Uint8Array(64).fill(7);

/** One of ever new messages of 16 MiB, of which every second part never comes. */
export function hole(identity: PacketIdentity): Uint8Array {
  const index = identity.packetNumber;
  const fragment = {
    kind: 'request',
    requestId: Math.floor(index / 100),
    offset: (index % 100) * 2 * part.length,
    totalBytes: longestMessage,
    payload: part,
  } as const;
  return packetOf(identity, (writer) => {
    writeFragment(writer, fragment);
  });
}

const sizes = [10, 10, 10, 10, 10, 10, 10, 10, 10, 300];
const digests = sizes.map((origins) => digestOf(unknownOrigins(origins).sort()));
const malformedDigests = sizes.map((origins) => digestOf(unknownOrigins(origins).sort().reverse()));

function unknownOrigins(count: number): Origin[] {
  return Array.from({ length: count }, () => randomBytes(24).toString('hex') as Origin);
}

function digestOf(origins: readonly Origin[]): Uint8Array {
  return encodeMessage({
    kind: 'digest',
    from: randomBytes(16).toString('hex') as NodeId,
    origin: '',
    ready: true,
    durable: true,
    behind: true,
    unsettled: false,
    hlc: 1,
    vector: origins.map((origin) => ({ origin, watermark: Number.MAX_SAFE_INTEGER, intervals: [] })),
    retired: [],
    count: 1,
    sumHigh: 1,
    sumLow: 1,
  });
}

/** A digest of a member that does not exist, and of origins that nobody has; every tenth has 300. */
export function digest(identity: PacketIdentity): Uint8Array {
  return request(identity, digests);
}

/** The same with its origins in a wrong order. */
export function malformedDigest(identity: PacketIdentity): Uint8Array {
  return request(identity, malformedDigests);
}

function request(identity: PacketIdentity, payloads: readonly Uint8Array[]): Uint8Array {
  const payload = payloads[identity.packetNumber % payloads.length] ?? part;
  return packetOf(identity, (writer) => {
    writeWholeMessage(writer, 'request', identity.packetNumber, payload);
  });
}
