import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { checkKey } from '@simpledht/storage';
import { clusterTagOf, udpTransport, type Transport, type TransportHandlers } from '@simpledht/transport';
import {
  decodeMessage,
  decodeValue,
  encodeMessage,
  encodeValue,
  InDoubtError,
  isNodeId,
  limits,
  SimpleDHTError,
  type Acks,
  type ClientInspect,
  type ClientReply,
  type ClientRequest,
  type ErrorCode,
  type Failure,
  type NodeId,
} from '@simpledht/wire';
import { defaultPort } from './defaults.ts';
import type { CallReport } from './diagnosis/call-report.ts';
import { dialBackMs, type DialBackOutcome } from './diagnosis/dial-back.ts';
import { checkTtl } from './map/expiry.ts';
import { checkAcks, checkLimit, checkedTimeout, invalid, isInteger } from './options.ts';
import type { DeleteResult, Entry, NodeInfo, Peer, PutOptions, WriteOptions, WriteResult } from './types.ts';

export interface ClientOptions {
  /** Node to talk to; 127.0.0.1 by default. */
  readonly host?: string;
  /** 5000 by default. */
  readonly port?: number;
  /** How long to wait for each answer, ms. Default 5,000. */
  readonly timeout?: number;
  /** Largest encoded value of a put, bytes: 1 MiB by default; the node has its own limit. */
  readonly maxValueBytes?: number;
  /** The cluster's secret, or several; see `NodeOptions.secret`. */
  readonly secret?: string | readonly string[];
  /** The cluster's name; see `NodeOptions.cluster`. Not used with `transport`. */
  readonly cluster?: string;
  /** Replaces UDP. The client opens and closes it. */
  readonly transport?: Transport;
}

/** What a write through a client answers. */
export interface ClientWriteResult extends WriteResult {
  /** Members known to the node, itself included. */
  readonly members: number;
}

export interface ClientListOptions {
  readonly prefix?: string;
  readonly limit?: number;
}

const defaultTimeoutMs = 5000;
/** Calls of one `getMany` under way. */
const callsAtOnce = 64;
/** A client hears answers only. */
const deaf: TransportHandlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };

type AnswerOf<K extends ClientReply['kind']> = Extract<ClientReply, { kind: K }>;

/**
 * Calls one node from outside the cluster: the same verbs, over the network, without joining.
 * Every method rejects with `ERR_TIMEOUT` when the node does not answer, and with `ERR_CLOSED` after `close`.
 */
export class Client {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #timeoutMs: number;
  readonly #maxValueBytes: number;

  /** Use `connect`. */
  constructor(transport: Transport, address: string, { timeout, maxValueBytes }: ClientOptions) {
    this.#transport = transport;
    this.#address = address;
    this.#timeoutMs = checkedTimeout(timeout) ?? defaultTimeoutMs;
    this.#maxValueBytes = maxValueBytes ?? limits.defaultMaxValueBytes;
  }

  async put(key: string, value: unknown, options: PutOptions = {}): Promise<ClientWriteResult> {
    const { ttl } = options;
    checkTtl(ttl);
    const encoded = encodeValue(value, this.#maxValueBytes);
    const request = { kind: 'client-put', namespace: '', key: checkKey(key), value: encoded, ttlMs: ttl ?? 0 } as const;
    const { version, acknowledged, members } = await this.#write(request, options);
    return { version, acknowledged, members };
  }

  async delete(key: string, options: WriteOptions = {}): Promise<DeleteResult & ClientWriteResult> {
    const request = { kind: 'client-delete', namespace: '', key: checkKey(key) } as const;
    const { version, acknowledged, members, existed } = await this.#write(request, options);
    return { version, acknowledged, members, existed };
  }

  /** The value, or `undefined`. */
  async get(key: string): Promise<unknown> {
    return (await this.entry(key))?.value;
  }

  /** The values in the order of the keys, `undefined` for each that is not there. A call for each, some at a time. */
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    for (const key of keys) checkKey(key);
    const values: unknown[] = [];
    for (let from = 0; from < keys.length; from += callsAtOnce)
      values.push(...(await Promise.all(keys.slice(from, from + callsAtOnce).map((key) => this.get(key)))));
    return values;
  }

  async has(key: string): Promise<boolean> {
    return (await this.entry(key)) !== undefined;
  }

  async entry(key: string): Promise<Entry | undefined> {
    const request = { kind: 'client-get', namespace: '', key: checkKey(key) } as const;
    const { found, value, version, writer, expiresAt } = await this.#call(request, 'client-value');
    if (!found) return undefined;
    return {
      key,
      value: decodeValue(value),
      version,
      writer: writer as NodeId,
      expiresAt: expiresAt === 0 ? undefined : expiresAt,
    };
  }

  /** Keys and values in key order, fetched page by page as they are read. */
  async *entries({ prefix = '', limit = Infinity }: ClientListOptions = {}): AsyncGenerator<[string, unknown], void> {
    for await (const [key, value] of this.#pages(prefix, limit, true)) yield [key, decodeValue(value)];
  }

  async *keys({ prefix = '', limit = Infinity }: ClientListOptions = {}): AsyncGenerator<string, void> {
    for await (const [key] of this.#pages(prefix, limit, false)) yield key;
  }

  async info(): Promise<NodeInfo> {
    return (await this.#inspect('info')) as NodeInfo;
  }

  async peers(): Promise<readonly Peer[]> {
    return (await this.#inspect('peers')) as readonly Peer[];
  }

  /** Declares a dead member gone for good: see `DHTNode.forget`. False when the node knows no such member. */
  async forget(id: string): Promise<boolean> {
    if (!isNodeId(id)) throw invalid('id', 'the id of a member, 32 hex digits', id);
    return decodeValue((await this.#call({ kind: 'client-forget', id }, 'client-facts')).facts) === true;
  }

  /** Round-trip time of one request, ms. */
  async ping(): Promise<number> {
    const begunMs = performance.now();
    await this.#inspect('ping');
    return performance.now() - begunMs;
  }

  /** For a diagnosis: what the node sees of the way to here. It dials back before it answers. */
  async path(): Promise<Pick<CallReport, 'observed' | 'clockOffsetMs' | 'dialBack'>> {
    const facts = (await this.#inspect('path', this.#timeoutMs + dialBackMs)) as {
      observed: string;
      dialBack: DialBackOutcome;
      answeredAtMs: number;
    };
    const { observed, dialBack, answeredAtMs } = facts;
    return { observed, dialBack, clockOffsetMs: answeredAtMs - Date.now() };
  }

  /** Rejects what is pending and frees the socket. Idempotent. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(
    request:
      | { kind: 'client-put'; namespace: string; key: string; value: Uint8Array; ttlMs: number }
      | { kind: 'client-delete'; namespace: string; key: string },
    { acks = 'local', timeout = this.#timeoutMs, signal }: WriteOptions,
  ): Promise<AnswerOf<'client-written'>> {
    checkAcks(acks);
    const timeoutMs = checkedTimeout(timeout) ?? this.#timeoutMs;
    // The node answers within `timeout`; the way there and back has the client's own patience.
    const waitMs = timeoutMs + (acks === 'local' ? 0 : this.#timeoutMs);
    return this.#call({ ...request, acks: acks satisfies Acks, timeoutMs }, 'client-written', waitMs, signal);
  }

  async *#pages(prefix: string, limit: number, values: boolean): AsyncGenerator<readonly [string, Uint8Array], void> {
    checkLimit(limit);
    let after = '';
    let left = limit;
    while (left > 0) {
      const page = { namespace: '', prefix, after, limit: Math.min(left, limits.maxListPage), values } as const;
      const { entries, done } = await this.#call({ kind: 'client-list', ...page }, 'client-entries');
      yield* entries;
      const last = entries.at(-1);
      if (done || last === undefined) return;
      [after] = last;
      left -= entries.length;
    }
  }

  async #inspect(what: ClientInspect['what'], timeoutMs?: number): Promise<unknown> {
    return decodeValue((await this.#call({ kind: 'client-inspect', what }, 'client-facts', timeoutMs)).facts);
  }

  async #call<K extends ClientReply['kind']>(
    request: ClientRequest,
    kind: K,
    timeoutMs: number = this.#timeoutMs,
    signal?: AbortSignal,
  ): Promise<AnswerOf<K>> {
    const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    const answer = decodeMessage(await this.#transport.request(this.#address, encodeMessage(request), options));
    if (answer.kind === 'failure') throw errorOf(answer);
    if (answer.kind !== kind)
      throw new SimpleDHTError('ERR_MALFORMED', `${request.kind} was answered with ${answer.kind}`);
    return answer as AnswerOf<K>;
  }
}

/** Opens a client for one node. Sends nothing yet: a node that is not there shows at the first call. */
export async function connect(options: ClientOptions = {}): Promise<Client> {
  const { host = '127.0.0.1', port = defaultPort, timeout, secret, cluster = '' } = options;
  if (!isInteger(port, 1, 65_535)) throw invalid('port', 'an integer from 1 to 65535', port);
  checkedTimeout(timeout);
  const ip = options.transport === undefined ? await resolveHost(host) : host;
  const address = ip.includes(':') ? `[${ip}]:${String(port)}` : `${ip}:${String(port)}`;
  if (secret !== undefined && options.transport !== undefined)
    throw new SimpleDHTError('ERR_INVALID_OPTION', 'Option secret is for UDP: give it to the transport itself');
  const settings = { clusterTag: clusterTagOf(cluster) };
  const bound = {
    host: ip.includes(':') ? '::' : '0.0.0.0',
    port: 0,
    settings,
    ...(secret !== undefined && { secret }),
  };
  const transport = options.transport ?? udpTransport(bound);
  await transport.open(deaf);
  return new Client(transport, address, options);
}

/** The address of a name, IPv4 first. Rejects with `ERR_INVALID_ADDRESS`. */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    // Nodes listen on 0.0.0.0 by default: where `localhost` is ::1 first, IPv4 still has to be the first try.
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch (cause) {
    throw new SimpleDHTError('ERR_INVALID_ADDRESS', `${host} does not resolve to an address`, { cause });
  }
}

function errorOf({ code, message, acknowledged, needed }: Failure): SimpleDHTError {
  if (code === 'ERR_IN_DOUBT') return new InDoubtError(acknowledged, needed);
  // Codes of a newer node are unknown here; the text still says what happened.
  return new SimpleDHTError(/^ERR_[A-Z_]{1,40}$/.test(code) ? (code as ErrorCode) : 'ERR_REMOTE', message);
}
