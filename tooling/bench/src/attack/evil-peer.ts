import type { Socket } from 'node:dgram';
import { decodeHandshake, isIntactHandshake, packetKind } from '@simpledht/wire';
import { checksum } from './checksum.ts';
import { forgedHello, type PacketIdentity } from './forged.ts';

const repeatHelloMs = 100;

/** Makes a link by hand, acknowledges nothing, and makes another whenever the victim has enough of it. */
export class EvilPeer {
  readonly #socket: Socket;
  readonly #port: number;
  #theirId = 0;
  #number = 0;
  #helloMs = -Infinity;
  linksMade = 0;

  constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (datagram) => {
      this.#onDatagram(datagram);
    });
  }

  /** Where the next packet goes; `undefined` while there is no link. */
  next(nowMs: number): PacketIdentity | undefined {
    if (this.#theirId !== 0) return { connectionId: this.#theirId, packetNumber: this.#number++ };
    if (nowMs - this.#helloMs > repeatHelloMs) {
      this.#helloMs = nowMs;
      this.send(forgedHello(++this.linksMade));
    }
    return undefined;
  }

  send(datagram: Uint8Array): void {
    this.#socket.send(datagram, this.#port, '127.0.0.1');
  }

  /** An accept has the victim's id; a reset says that the link is gone; a reject or a retry leaves it without one. */
  #onDatagram(datagram: Uint8Array): void {
    if (packetKind(datagram) !== 'handshake' || !isIntactHandshake(datagram, checksum)) return;
    const { type, sourceId } = decodeHandshake(datagram, checksum);
    if (type === 'accept') this.#number = 0;
    if (type === 'accept' || type === 'reset') this.#theirId = sourceId;
  }
}
