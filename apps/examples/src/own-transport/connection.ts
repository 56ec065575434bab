import type { Socket } from 'node:net';
import { FrameReader, writeFrame, type Frame } from './frames.ts';

/** Who speaks: where it listens (its own port on this connection is another one), and which life of it this is. */
interface Hello {
  readonly address: string;
  readonly instance: string;
}

export interface ConnectionHandlers {
  onHello(connection: Connection, instance: string): void;
  onFrame(connection: Connection, frame: Frame): void;
  onClose(connection: Connection): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly me: Hello;
  /** The address that was called; absent when the peer called. */
  readonly dialled?: string;
  readonly maxPayloadBytes: number;
  readonly handlers: ConnectionHandlers;
}

/** Unsent bytes above which a best-effort datagram is dropped rather than queued. */
const maxUnsentBytes = 1024 * 1024;

/** One TCP connection. The first frame of each side says who it is. */
export class Connection {
  /** The peer's address: as it was dialled, else as it says; '' before that. */
  name: string;
  /** The peer has said who it is. */
  isUp = false;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #handlers: ConnectionHandlers;

  constructor({ socket, me, dialled = '', maxPayloadBytes, handlers }: ConnectionOptions) {
    this.name = dialled;
    this.#socket = socket.setNoDelay();
    this.#reader = new FrameReader(maxPayloadBytes);
    this.#handlers = handlers;
    socket.on('data', (chunk) => {
      this.#onData(chunk);
    });
    socket.on('error', () => undefined); // 'close' follows and says all
    socket.once('close', () => {
      handlers.onClose(this);
    });
    this.write({ kind: 'hello', id: 0, payload: Buffer.from(JSON.stringify(me)) });
  }

  get isBusy(): boolean {
    return this.#socket.writableLength > maxUnsentBytes;
  }

  write(frame: Frame): void {
    if (this.#socket.writable) writeFrame(this.#socket, frame);
  }

  /** Sends what was written and hangs up. */
  end(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) this.#onFrame(frame);
    } catch {
      this.#socket.destroy(); // a peer that speaks something else
    }
  }

  #onFrame(frame: Frame): void {
    if (this.isUp) {
      this.#handlers.onFrame(this, frame);
      return;
    }
    const { address, instance } = readHello(frame);
    if (this.name === '') this.name = address;
    this.isUp = true;
    this.#handlers.onHello(this, instance);
  }
}

function readHello({ kind, payload }: Frame): Hello {
  const hello: unknown = kind === 'hello' ? JSON.parse(Buffer.from(payload).toString()) : undefined;
  if (typeof hello === 'object' && hello !== null && 'address' in hello && 'instance' in hello) {
    const { address, instance } = hello;
    if (typeof address === 'string' && typeof instance === 'string' && address.length <= 300)
      return { address, instance };
  }
  throw new Error('the first frame has to say who speaks');
}
