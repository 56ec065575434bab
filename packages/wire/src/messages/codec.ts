import { MalformedError, SimpleDHTError } from '../errors.ts';
import { limits } from '../limits.ts';
import * as clients from './client-codecs.ts';
import * as membership from './membership-codecs.ts';
import type { MessageCodec } from './message-codec.ts';
import * as replication from './replication-codecs.ts';
import type { Message, MessageKind } from './union.ts';

type AnyCodec = MessageCodec<Message>;

/** Every kind once; the type makes a kind that is missing here an error. */
const byKind: { readonly [Kind in MessageKind]: MessageCodec<Extract<Message, { kind: Kind }>> } = {
  ping: membership.ping,
  'ping-ack': membership.pingAck,
  'ping-request': membership.pingRequest,
  'ping-nack': membership.pingNack,
  gossip: membership.gossip,
  'roster-exchange': membership.rosterExchange,
  roster: membership.roster,
  leave: membership.leave,
  done: membership.done,
  digest: replication.digest,
  delta: replication.delta,
  covered: replication.covered,
  'page-request': replication.pageRequest,
  page: replication.page,
  fetch: replication.fetch,
  fetched: replication.fetched,
  'bucket-request': replication.bucketRequest,
  buckets: replication.buckets,
  'client-put': clients.clientPut,
  'client-delete': clients.clientDelete,
  'client-written': clients.clientWritten,
  'client-get': clients.clientGet,
  'client-value': clients.clientValue,
  'client-list': clients.clientList,
  'client-entries': clients.clientEntries,
  'client-inspect': clients.clientInspect,
  'client-facts': clients.clientFacts,
  'client-forget': clients.clientForget,
  failure: clients.failure,
};

const byCode: readonly (AnyCodec | undefined)[] = indexByCode(Object.values(byKind));

/** Every kind of message. */
export const messageKinds: readonly MessageKind[] = Object.values(byKind).map((codec) => codec.kind);

/**
 * Body of a message: its kind's byte and its fields (PROTOCOL.md), in an array of its own. Throws `ERR_MALFORMED` for a
 * message that its receiver would refuse, and a RangeError for a number in a record that is no unsigned integer: both
 * are mistakes of the caller.
 */
export function encodeMessage(message: Message): Uint8Array {
  // The key chooses the codec of this very kind.
  const codec = byKind[message.kind] as AnyCodec;
  const body = codec.encode(message);
  if (body.length > limits.maxMessageBytes) throw new MalformedError('size', `${message.kind} is too large`);
  return body;
}

/**
 * The message that a body encodes. Throws `MalformedError` (`ERR_MALFORMED`) with the reason, and nothing else, whatever
 * the bytes. Records of deltas, pages and fetched share memory with `body` (see `decodeRecords`); nothing else does.
 */
export function decodeMessage(body: Uint8Array): Message {
  const code = body[0];
  if (code === undefined || body.length > limits.maxMessageBytes)
    throw new MalformedError('size', 'a body of no valid size');
  const codec = byCode[code];
  if (codec === undefined) throw new MalformedError('kind', `unknown message kind 0x${code.toString(16)}`);
  try {
    return codec.decode(plain(body));
  } catch (cause) {
    if (SimpleDHTError.is(cause, 'ERR_MALFORMED')) throw cause;
    // No decoder throws anything else; should one ever, a packet must not end the process by it.
    throw new MalformedError('shape', `${codec.kind} does not decode`, { cause });
  }
}

/** A Buffer makes views that are Buffers, three times slower and with methods that differ from those of Uint8Array. */
function plain(body: Uint8Array): Uint8Array {
  return body.constructor === Uint8Array ? body : new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function indexByCode(codecs: readonly unknown[]): (AnyCodec | undefined)[] {
  const table: (AnyCodec | undefined)[] = [];
  // A decoder needs no knowledge of the kind: the byte says it.
  for (const codec of codecs as readonly AnyCodec[]) table[codec.code] = codec;
  return table;
}
