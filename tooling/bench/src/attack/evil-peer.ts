import type { Socket } from 'node:dgram';
import { plainSealer } from '@simpledht/transport/adapter';
import { decodeHandshake, isIntactHandshake, packetKind } from '@simpledht/wire';
import { forgedHello, type PacketIdentity } from './forged.ts';

const repeatHelloMs = 100;

/**
 * Makes a link by hand, acknowledges nothing, asks for another whenever the victim has enough of it, and goes on with the old
 * one while it gets none.
 */
export class EvilPeer {
  readonly #socket: Socket;
  readonly #port: number;
  #theirId = 0;
  #hasLink = false;
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

  /** Where the next packet goes; `undefined` before the first link. */
  next(nowMs: number): PacketIdentity | undefined {
    if (!this.#hasLink && nowMs - this.#helloMs > repeatHelloMs) {
      this.#helloMs = nowMs;
      this.send(forgedHello(++this.linksMade));
    }
    return this.#theirId === 0 ? undefined : { connectionId: this.#theirId, packetNumber: this.#number++ };
  }

  send(datagram: Uint8Array): void {
    this.#socket.send(datagram, this.#port, '127.0.0.1');
  }

  /** An accept has the victim's id; a reset says that the link is gone; a reject or a retry leaves it without one. */
  #onDatagram(datagram: Uint8Array): void {
    if (packetKind(datagram) !== 'handshake' || !isIntactHandshake(datagram, plainSealer)) return;
    const { type, sourceId } = decodeHandshake(datagram, plainSealer);
    if (type !== 'accept') {
      this.#hasLink = this.#hasLink && type !== 'reset';
      return;
    }
    this.#hasLink = true;
    this.#theirId = sourceId;
    this.#number = 0;
  }
}
