import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { SimpleDHTError } from '@simpledht/node';
import type { RequestOptions, Transport, TransportEvent, TransportHandlers } from '@simpledht/transport';
import { Connection, type ConnectionHandlers } from './connection.ts';
import type { Frame } from './frames.ts';
import { Pending } from './pending.ts';

export interface TcpTransportOptions {
  /** An address under which others reach this machine: peers are told it. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Peers at once; beyond it new connections are refused. */
const maxConnections = 256;

/**
 * SimpleDHT over TCP: one connection for each peer that was dialled, frames with a length before them, requests with
 * an id. Nothing is encrypted, and peers are believed when they say where they listen: for networks that you trust.
 */
export class TcpTransport implements Transport {
  readonly maxDatagramBytes: number = 64 * 1024;
  /** The largest value and what is around it. */
  readonly maxMessageBytes: number = 17 * 1024 * 1024;
  readonly secure = false;
  readonly counters: Record<'sent' | 'dropped' | 'requests' | 'refused', number> = {
    sent: 0,
    dropped: 0,
    requests: 0,
    refused: 0,
  };
  readonly #options: TcpTransportOptions;
  readonly #server: Server = createServer();
  readonly #pending = new Pending();
  /** All that are open, whether they have said hello or not. At most `maxConnections`. */
  readonly #open = new Set<Connection>();
  /** The connection to use for an address. One of `#open` each. */
  readonly #byAddress = new Map<string, Connection>();
  /** Which life of a peer was met last; as many as were ever met, up to `maxConnections`, then the oldest go. */
  readonly #instances = new Map<string, string>();
  readonly #instance = randomUUID();
  #handlers: TransportHandlers | undefined;
  #address = '';
  #closed = false;

  constructor(options: TcpTransportOptions) {
    this.#options = options;
  }

  /** Known after `open`, and still when all is over. */
  get address(): string {
    return this.#address;
  }

  get localAddresses(): readonly string[] {
    return [this.address];
  }

  async open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const where = addressOf(host, port);
        if (cause.code === 'EADDRINUSE')
          reject(new SimpleDHTError('ERR_ADDRESS_IN_USE', `Address already in use: ${where}`, { cause }));
        else reject(new SimpleDHTError('ERR_BIND_FAILED', `Cannot listen on ${where}: ${cause.message}`, { cause }));
      });
      this.#server.listen(port, host, resolve);
    });
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound !== null) this.#address = addressOf(bound.address, bound.port);
    this.#server.on('connection', (socket) => {
      if (this.#open.size < maxConnections) this.#adopt(socket);
      else {
        this.counters.refused++;
        socket.destroy();
      }
    });
  }

  async resolve(name: string): Promise<readonly string[]> {
    const { host, port } = parse(name);
    try {
      const found = await lookup(host, { all: true });
      return found.map(({ address }) => addressOf(address, port));
    } catch (cause) {
      throw new SimpleDHTError('ERR_INVALID_ADDRESS', `${host} does not resolve to an address`, { cause });
    }
  }

  send(to: string, payload: Uint8Array): void {
    const connection = this.#closed || payload.length > this.maxDatagramBytes ? undefined : this.#connectionTo(to);
    if (connection === undefined || connection.isBusy) this.counters.dropped++;
    else connection.write({ kind: 'datagram', id: 0, payload });
    this.counters.sent++;
  }

  async request(
    to: string,
    payload: Uint8Array,
    { timeoutMs = 5000, signal }: RequestOptions = {},
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    if (payload.length > this.maxMessageBytes)
      throw new SimpleDHTError(
        'ERR_MESSAGE_TOO_LARGE',
        `${String(payload.length)} bytes are more than a message carries`,
      );
    const connection = this.#connectionTo(to);
    if (connection === undefined) throw new SimpleDHTError('ERR_LIMIT_REACHED', 'There are too many connections');
    this.counters.requests++;
    const { id, reply } = this.#pending.add(connection, timeoutMs, signal);
    connection.write({ kind: 'request', id, payload });
    return reply;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.fail(closedError());
    for (const connection of this.#open) connection.end();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connectionTo(address: string): Connection | undefined {
    const known = this.#byAddress.get(address);
    if (known !== undefined || this.#open.size >= maxConnections) return known;
    const connection = this.#adopt(connect(parse(address)), address);
    this.#byAddress.set(address, connection);
    return connection;
  }

  #adopt(socket: Socket, dialled = ''): Connection {
    const connection = new Connection({
      socket,
      dialled,
      me: { address: this.address, instance: this.#instance },
      maxPayloadBytes: this.maxMessageBytes,
      handlers: this.#connectionHandlers,
    });
    this.#open.add(connection);
    return connection;
  }

  readonly #connectionHandlers: ConnectionHandlers = {
    onHello: (connection, instance) => {
      this.#onHello(connection, instance);
    },
    onFrame: (connection, frame) => {
      this.#onFrame(connection, frame);
    },
    onClose: (connection) => {
      this.#onClose(connection);
    },
  };

  #onHello(connection: Connection, instance: string): void {
    const { name: address } = connection;
    const last = this.#remember(address, instance);
    const isFirst = ![...this.#open].some((other) => other !== connection && other.isUp && other.name === address);
    if (!this.#byAddress.has(address)) this.#byAddress.set(address, connection);
    if (last !== undefined && last !== instance) this.#emit({ type: 'link-restarted', address });
    if (isFirst) this.#emit({ type: 'link-up', address });
  }

  /** Which life of the peer was met before. */
  #remember(address: string, instance: string): string | undefined {
    const last = this.#instances.get(address);
    this.#instances.delete(address);
    this.#instances.set(address, instance);
    const [oldest] = this.#instances.keys();
    if (this.#instances.size > maxConnections && oldest !== undefined) this.#instances.delete(oldest);
    return last;
  }

  #onFrame(connection: Connection, { kind, id, payload }: Frame): void {
    const { name: from } = connection;
    if (kind === 'reply') this.#pending.reply(id, connection, payload);
    else if (kind === 'datagram')
      this.#guard((handlers) => {
        handlers.onDatagram(from, payload);
      });
    else if (kind === 'request') {
      let answered = false;
      const reply = (answer: Uint8Array): void => {
        if (!answered) connection.write({ kind: 'reply', id, payload: answer });
        answered = true;
      };
      this.#guard((handlers) => {
        handlers.onRequest(from, payload, reply);
      });
    }
  }

  #onClose(connection: Connection): void {
    const { name: address } = connection;
    this.#open.delete(connection);
    this.#pending.fail(new SimpleDHTError('ERR_LINK_DOWN', `The connection to ${address} is gone`), connection);
    if (this.#byAddress.get(address) === connection) this.#byAddress.delete(address);
    const other = [...this.#open].find((one) => one.isUp && one.name === address);
    if (other !== undefined) this.#byAddress.set(address, other);
    else if (connection.isUp) this.#emit({ type: 'link-down', address, reason: 'closed' });
  }

  #emit(event: TransportEvent): void {
    if (!this.#closed)
      this.#guard((handlers) => {
        handlers.onEvent(event);
      });
  }

  /** What a handler throws must not end the connection that it came by. */
  #guard(run: (handlers: TransportHandlers) => void): void {
    if (this.#handlers === undefined) return;
    try {
      run(this.#handlers);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#handlers.onEvent({ type: 'error', error });
    }
  }
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

function parse(address: string): { readonly host: string; readonly port: number } {
  const [, v6, host = v6, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || !(Number(port) <= 65_535))
    throw new SimpleDHTError('ERR_INVALID_ADDRESS', `${address} is not host:port`);
  return { host, port: Number(port) };
}

function closedError(): SimpleDHTError {
  return new SimpleDHTError('ERR_CLOSED', 'The transport is closed');
}
