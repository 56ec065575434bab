import type { Socket } from 'node:net';
import type { Address } from '@simpledht/wire';
import type { Connection } from '../core/connection.ts';
import type { DownReason } from '../core/effects.ts';
import type { Counters } from './counters.ts';
import type { ConnectionRequest } from './connection-request.ts';

/** What a channel needs of the endpoint. */
export interface ChannelHost {
  readonly counters: Counters;
  readonly maxWriteBytes: number;
  readonly closeTimeoutMs: number;
  nowMs(): number;
  /** Something happened: effects wait, or there is something to write. */
  onActivity(channel: Channel): void;
  /** Its socket is closed. */
  onClosed(channel: Channel): void;
  /** Calls `callback` after `delayMs`, unless the call that it returns comes before. */
  later(delayMs: number, callback: () => void): () => void;
}

export interface ChannelOptions {
  readonly socket: Socket;
  readonly connection: Connection<ConnectionRequest>;
  /** As it was dialled; '' when the peer called and has not said who it is. */
  readonly address: Address;
  /** Event of the socket that says that bytes may be written; absent when they may already. */
  readonly connectEvent?: 'connect' | 'secureConnect';
}

/** Writes under way at a time: while the system takes one, the next is made. */
const maxWrites = 2;

const nothing = new Uint8Array(0);

/** A socket and its connection. Nothing that a socket does gets past it but as an effect of the connection. */
export class Channel {
  readonly connection: Connection<ConnectionRequest>;
  readonly socket: Socket;
  address: Address;
  /** Waits for the end of the turn. */
  dirty = false;
  readonly #host: ChannelHost;
  #connected: boolean;
  #writes = 0;
  #paused = false;
  /** What was read and is not wanted yet; less than one read of the socket. */
  #rest: Uint8Array = nothing;
  #ending = false;
  #error: NodeJS.ErrnoException | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor({ socket, connection, address, connectEvent }: ChannelOptions, host: ChannelHost) {
    this.socket = socket;
    this.connection = connection;
    this.address = address;
    this.#host = host;
    this.#connected = connectEvent === undefined;
    if (connectEvent !== undefined) socket.once(connectEvent, this.#onConnected);
    socket.setNoDelay(true);
    socket.on('data', this.#onData);
    socket.on('error', (error) => {
      host.counters.socketErrors++;
      this.#error = error; // 'close' follows
    });
    socket.once('close', this.#onClose);
  }

  /** Writes what there is, as far as the system takes it. */
  flush(): void {
    if (!this.#connected || this.socket.destroyed) return;
    while (this.#writes < maxWrites && this.connection.hasOutput) this.#write();
    this.#pauseOrResume();
  }

  /** Lets the socket go: at once, or when the peer has taken the goodbye. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const says = this.#connected && this.connection.hasOutput;
    if (!says) {
      this.socket.destroy();
      return;
    }
    this.#write();
    this.socket.end();
    this.socket.resume();
    // A peer that takes nothing, or goes on sending, does not keep it open.
    this.#stopWaiting = this.#host.later(this.#host.closeTimeoutMs, () => this.socket.destroy());
  }

  #write(): void {
    const pieces = this.connection.pull(this.#host.maxWriteBytes, this.#host.nowMs());
    const last = pieces.pop();
    if (last === undefined) return;
    let bytes = last.length;
    this.socket.cork();
    for (const piece of pieces) {
      bytes += piece.length;
      this.socket.write(piece);
    }
    this.#writes++;
    this.socket.write(last, () => {
      this.#onWritten(bytes);
    });
    this.socket.uncork();
    this.#host.counters.writes++;
    this.#host.counters.bytesOut += bytes;
  }

  #onWritten(bytes: number): void {
    this.#writes--;
    this.connection.onWritten(bytes, this.#host.nowMs());
    this.flush();
    this.#host.onActivity(this);
  }

  #pauseOrResume(): void {
    const paused = !this.connection.wantsInput && !this.connection.isDown;
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.connection.onPaused(paused, this.#host.nowMs());
    if (paused) {
      this.socket.pause();
      return;
    }
    const rest = this.#rest;
    this.#rest = nothing;
    this.#take(rest);
    if (this.#rest.length === 0) this.socket.resume();
  }

  /** Hands bytes on, and keeps those that came after the connection wants no more. */
  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += this.connection.receive(bytes.subarray(at), this.#host.nowMs());
      this.#host.onActivity(this);
      if (this.connection.wantsInput || this.connection.isDown) continue;
      this.#rest = bytes.subarray(at);
      this.#pauseOrResume();
      return;
    }
  }

  readonly #onConnected = (): void => {
    this.#connected = true;
    this.connection.onConnected(this.#host.nowMs());
    this.#host.onActivity(this);
  };

  readonly #onData = (buffer: Uint8Array): void => {
    this.#host.counters.bytesIn += buffer.length;
    // Not a Buffer: the slice of one shares its bytes.
    this.#take(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  };

  readonly #onClose = (): void => {
    this.#stopWaiting?.();
    this.connection.onLost(this.#connected ? 'connection lost' : reasonOf(this.#error));
    this.#host.onActivity(this);
    this.#host.onClosed(this);
  };
}

/** Why a call did not come about. */
function reasonOf(error: NodeJS.ErrnoException | undefined): DownReason {
  if (error?.code === 'ECONNREFUSED') return 'connection refused';
  if (error?.code === 'EHOSTUNREACH' || error?.code === 'ENETUNREACH') return 'unreachable';
  if (error?.code === 'ETIMEDOUT') return 'not connected in time';
  // What the system reports has a number; the rest is of TLS.
  return error !== undefined && error.errno === undefined ? 'TLS failed' : 'connection lost';
}
