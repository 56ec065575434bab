import { DelegatingSocket, plainSealer } from '@simpledht/transport/adapter';
import { packetKind } from '@simpledht/wire';
import type { Address } from '@simpledht/wire';

const { tagBytes } = plainSealer;
/** A frame that may be skipped, of a type that nobody has given a meaning: type, length, bytes. */
const laterFrame = Uint8Array.of(0xb7, 3, 1, 2, 3);
/** Before the token of a handshake: flags, type, two connection ids, cluster tag, versions, instance. */
const handshakeHeaderBytes = 25;
/** A parameter that nobody has given a meaning: its number and its value. */
const laterParameter = Uint8Array.of(30, 7);

/** Adds to each packet that is not sealed what a later version of the protocol may add: a frame, a parameter. */
export class LaterSocket extends DelegatingSocket {
  override send(datagram: Uint8Array, to: Address): void {
    super.send(packetKind(datagram) === 'handshake' ? withParameter(datagram) : withFrame(datagram), to);
  }
}

function withFrame(datagram: Uint8Array): Uint8Array {
  return summed(datagram.subarray(0, datagram.length - tagBytes), laterFrame);
}

function withParameter(datagram: Uint8Array): Uint8Array {
  const end = datagram.length - tagBytes;
  const keyExchangeAt = handshakeHeaderBytes + 1 + (datagram[handshakeHeaderBytes] ?? 0);
  const countAt = keyExchangeAt + 1 + (datagram[keyExchangeAt] ?? 0);
  const count = Uint8Array.of((datagram[countAt] ?? 0) + 1);
  return summed(datagram.subarray(0, countAt), count, laterParameter, datagram.subarray(countAt + 1, end));
}

/** All parts, and the checksum that fits. */
function summed(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, tagBytes);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  plainSealer.seal(bytes, 0, 0);
  return bytes;
}
