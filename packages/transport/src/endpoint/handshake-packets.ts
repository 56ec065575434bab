import type {
  Address,
  HandshakePacket,
  HandshakeType,
  LinkParameters,
  VersionRange,
  ReceivedHandshake,
  Sealer,
} from '@simpledht/wire';
import {
  decodeHandshake,
  encodeHandshake,
  handshakeContext,
  isIntactHandshake,
  noConnection,
  noParameters,
  SimpleDHTError,
} from '@simpledht/wire';
import { plainSealer } from '../plain-sealer.ts';
import type { OpenedHello, Sealing } from '../sealing/sealing.ts';
import type { Session } from './session.ts';
import type { TransportSettings } from './settings.ts';

export interface HandshakePacketsParts {
  readonly settings: TransportSettings;
  /** 8 random bytes of this transport. */
  readonly instance: Uint8Array;
  readonly versions: VersionRange;
  /** Without a secret there is none. */
  readonly sealing: Sealing | undefined;
  readonly parametersFor: (address: Address) => LinkParameters;
}

const empty = new Uint8Array(0);
/** Finds damage on the way; what proves a secret is the key exchange. */
const checksum: Sealer = plainSealer;

/** Writes and reads the packets of handshakes, with a secret or without one. */
export class HandshakePackets {
  readonly #parts: HandshakePacketsParts;

  constructor(parts: HandshakePacketsParts) {
    this.#parts = parts;
  }

  hello(session: Session): Uint8Array {
    const { sealing } = this.#parts;
    const parameters = this.#parts.parametersFor(session.address);
    const packet = this.#packet('hello', { sourceId: session.localId, token: session.token, parameters });
    if (sealing === undefined) return encodeHandshake(packet, checksum);
    session.dial ??= sealing.dial();
    return encodeHandshake({ ...packet, keyExchange: session.dial.hello(handshakeContext(packet)) }, checksum);
  }

  /** The same however often a hello is repeated. `undefined` when no key can be agreed on. */
  accept(session: Session, hello: HandshakePacket, opened: OpenedHello | undefined): Uint8Array | undefined {
    const { address, localId, sealer } = session;
    const parameters = this.#parts.parametersFor(address);
    const packet = this.#packet('accept', { destinationId: hello.sourceId, sourceId: localId, parameters });
    if (opened !== undefined && session.answer === undefined) {
      const answer = this.#parts.sealing?.answer(opened, handshakeContext(packet));
      if (answer === undefined) return undefined;
      sealer?.install(answer.keys);
      session.answer = answer.keyExchange;
    }
    return encodeHandshake({ ...packet, keyExchange: session.answer ?? empty }, checksum);
  }

  retry(hello: HandshakePacket, token: Uint8Array): Uint8Array {
    return encodeHandshake(this.#packet('retry', { destinationId: hello.sourceId, token }), checksum);
  }

  reject(hello: ReceivedHandshake, opened: OpenedHello | undefined, reason: number): Uint8Array {
    const parameters = { ...noParameters, reason };
    const packet = this.#packet('reject', { destinationId: hello.sourceId, parameters });
    if (opened === undefined) return encodeHandshake(packet, checksum);
    const keyExchange = this.#parts.sealing?.refuse(opened, hello, handshakeContext(packet)) ?? empty;
    return encodeHandshake({ ...packet, keyExchange }, checksum);
  }

  reset(connectionId: number): Uint8Array {
    return encodeHandshake(this.#packet('reset', { destinationId: connectionId }), checksum);
  }

  /** `undefined` for what is damaged or not ours. The tag is asked first: an exception for each would cost ten times as much. */
  read(datagram: Uint8Array): ReceivedHandshake | undefined {
    if (!isIntactHandshake(datagram, checksum)) return undefined;
    try {
      return decodeHandshake(datagram, checksum);
    } catch (error) {
      if (SimpleDHTError.is(error, 'ERR_MALFORMED')) return undefined;
      throw error;
    }
  }

  #packet(type: HandshakeType, fields: Partial<HandshakePacket>): HandshakePacket {
    return {
      destinationId: noConnection,
      sourceId: noConnection,
      clusterTag: this.#parts.settings.clusterTag,
      versions: this.#parts.versions,
      instance: this.#parts.instance,
      token: empty,
      keyExchange: empty,
      parameters: noParameters,
      ...fields,
      type,
    };
  }
}
