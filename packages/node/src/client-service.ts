import {
  checkValue,
  encodeMessage,
  encodeValue,
  InDoubtError,
  limits,
  SimpleDHTError,
  type Address,
  type ClientEntries,
  type ClientFacts,
  type ClientList,
  type ClientPut,
  type ClientReply,
  type ClientRequest,
  type Failure,
  type NodeId,
} from '@simpledht/wire';
import { splitKey } from '@simpledht/storage';
import type { DialBackOutcome } from './diagnosis/dial-back.ts';
import type { Facts } from './facts.ts';
import type { ReplicatedMap } from './replicated-map.ts';
import { asError } from './events.ts';
import type { WriteResult } from './types.ts';
import { versionOf } from './versions.ts';

/** Values of one list page, bytes: a page is one message and should not stall others. */
const maxPageBytes = 256 * 1024;
const empty = new Uint8Array(0);

/** What the service needs of its node. */
export interface ServedNode {
  map(namespace: string): ReplicatedMap;
  facts(): Facts;
  /** Known members, the node included. */
  members(): number;
  /** False when no such member is known. */
  forget(id: NodeId): boolean;
  /** Dials the asker from a fresh socket. */
  readonly dialBack: (address: Address) => Promise<DialBackOutcome>;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
  readonly onError: (error: Error) => void;
}

/** Answers calls from outside the cluster: the verbs of the map for clients that never join. */
export class ClientService {
  readonly #node: ServedNode;

  constructor(node: ServedNode) {
    this.#node = node;
  }

  readonly serve = (request: ClientRequest, from: Address, reply: (payload: Uint8Array) => void): void => {
    this.#answer(request, from)
      .catch(failureOf)
      .then((answer) => {
        reply(encodeMessage(answer));
      })
      .catch((error: unknown) => {
        // The answer could not be encoded or sent: the asker times out, and nobody else is harmed.
        this.#node.onError(asError(error));
      });
  };

  async #answer(request: ClientRequest, from: Address): Promise<ClientReply | Failure> {
    switch (request.kind) {
      case 'client-put':
        return this.#put(request);
      case 'client-delete': {
        const { namespace, key, acks, timeoutMs } = request;
        const result = await this.#node.map(namespace).delete(key, { acks, timeout: timeoutMs });
        return this.#written(result, result.existed);
      }
      case 'client-get':
        return this.#get(request.namespace, request.key);
      case 'client-list':
        return this.#list(request);
      case 'client-inspect':
        return factsOf(request.what === 'path' ? await this.#path(from) : this.#facts(request.what));
      case 'client-forget':
        return factsOf(this.#node.forget(request.id));
    }
  }

  async #put({ namespace, key, value, ttlMs, acks, timeoutMs }: ClientPut): Promise<ClientReply> {
    const map = this.#node.map(namespace);
    map.mustFit(value);
    mustDecode(value);
    const options = { acks, timeout: timeoutMs, ...(ttlMs === 0 ? {} : { ttl: ttlMs }) };
    return this.#written(await map.putEncoded(key, value, options), false);
  }

  #written({ version, acknowledged }: WriteResult, existed: boolean): ClientReply {
    return { kind: 'client-written', version, acknowledged, members: this.#node.members(), existed };
  }

  async #get(namespace: string, key: string): Promise<ClientReply> {
    const record = await this.#node.map(namespace).find(key);
    if (record === undefined || record.value === null)
      return { kind: 'client-value', found: false, value: empty, version: '', writer: '', expiresAt: 0 };
    const { value, writer, expiresAt } = record;
    return { kind: 'client-value', found: true, value, version: versionOf(record), writer, expiresAt };
  }

  #list({ namespace, prefix, after, limit, values }: ClientList): ClientEntries {
    const bounds = { prefix, limit: limit + 1, ...(after === '' ? {} : { gt: after }) };
    const entries: (readonly [string, Uint8Array])[] = [];
    let bytes = 0;
    for (const record of this.#node.map(namespace).records(bounds)) {
      const value = values && record.value !== null ? record.value : empty;
      bytes += record.key.length + value.length;
      // The bound counts the record at hand as well: two large values must not meet in one message.
      const isFull = entries.length === limit || (entries.length > 0 && bytes > maxPageBytes);
      if (isFull) return { kind: 'client-entries', entries, done: false };
      entries.push([splitKey(record.key).key, value]);
    }
    return { kind: 'client-entries', entries, done: true };
  }

  /** The clock is read when the dial is over, so that the asker knows half a round trip of it. */
  async #path(from: Address): Promise<unknown> {
    const dialBack = await this.#node.dialBack(from);
    return { observed: from, dialBack, answeredAtMs: this.#node.now() };
  }

  #facts(what: 'info' | 'peers' | 'ping'): unknown {
    if (what === 'ping') return null;
    const facts = what === 'info' ? this.#node.facts().info() : this.#node.facts().peers();
    return withoutUndefined(facts);
  }
}

function factsOf(facts: unknown): ClientFacts {
  return { kind: 'client-facts', facts: encodeValue(facts, limits.maxValueBytes) };
}

/** The client has encoded the value; a value that does not decode would be everyone's trouble. */
function mustDecode(value: Uint8Array): void {
  try {
    checkValue(value);
  } catch (cause) {
    throw new SimpleDHTError('ERR_INVALID_VALUE', 'The value does not decode', { cause });
  }
}

/** MessagePack has no `undefined`: a fact that is not known is left out. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}

function failureOf(error: unknown): Failure {
  const code = SimpleDHTError.is(error) ? error.code : 'ERR_REMOTE';
  const message = error instanceof Error ? error.message : String(error);
  const { acknowledged, needed } = error instanceof InDoubtError ? error : { acknowledged: 0, needed: 0 };
  return { kind: 'failure', code, message, acknowledged, needed };
}
