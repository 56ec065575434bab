import { limits } from '../limits.ts';
import type {
  Acks,
  ClientDelete,
  ClientEntries,
  ClientFacts,
  ClientForget,
  ClientGet,
  ClientInspect,
  ClientList,
  ClientPut,
  ClientValue,
  ClientWritten,
  Failure,
} from './clients.ts';
import {
  anyInteger,
  boolean,
  bytes,
  cutText,
  integer,
  list,
  milliseconds,
  nodeId,
  oneOf,
  orEmpty,
  pair,
  text,
  type Field,
} from './fields.ts';
import { fieldsCodec, type MessageCodec } from './message-codec.ts';

const namespace = text(limits.maxNamespaceBytes);
const key = text(limits.maxKeyBytes);
const version = text(limits.maxVersionBytes);
const memberCount = integer(limits.maxMembers);
const ackWords = oneOf<Exclude<Acks, number>>('local', 'majority', 'all');

/** A number of members, or null and then the place of the word: [null, 1] is 'majority'. */
const acks: Field<Acks> = {
  write: (value, name) =>
    typeof value === 'number' ? memberCount.write(value, name) : [null, ackWords.write(value, name)],
  read: (raw, name) => (Array.isArray(raw) ? ackWords.read(raw[1], name) : memberCount.read(raw, name)),
};

export const clientPut: MessageCodec<ClientPut> = fieldsCodec(0x40, 'client-put', {
  namespace,
  key,
  value: bytes,
  ttlMs: milliseconds,
  acks,
  timeoutMs: milliseconds,
});

export const clientDelete: MessageCodec<ClientDelete> = fieldsCodec(0x41, 'client-delete', {
  namespace,
  key,
  acks,
  timeoutMs: milliseconds,
});

export const clientWritten: MessageCodec<ClientWritten> = fieldsCodec(0x42, 'client-written', {
  version,
  acknowledged: memberCount,
  members: memberCount,
  existed: boolean,
});

export const clientGet: MessageCodec<ClientGet> = fieldsCodec(0x43, 'client-get', { namespace, key });

export const clientValue: MessageCodec<ClientValue> = fieldsCodec(0x44, 'client-value', {
  found: boolean,
  value: bytes,
  version,
  writer: orEmpty(nodeId),
  expiresAt: milliseconds,
});

export const clientList: MessageCodec<ClientList> = fieldsCodec(0x45, 'client-list', {
  namespace,
  prefix: key,
  after: key,
  limit: integer(limits.maxListPage, 1),
  values: boolean,
});

export const clientEntries: MessageCodec<ClientEntries> = fieldsCodec(0x46, 'client-entries', {
  entries: list(pair(key, bytes), limits.maxListPage),
  done: boolean,
});

export const clientInspect: MessageCodec<ClientInspect> = fieldsCodec(0x47, 'client-inspect', {
  what: oneOf('info', 'peers', 'ping', 'path'),
});

export const clientFacts: MessageCodec<ClientFacts> = fieldsCodec(0x48, 'client-facts', { facts: bytes });

export const clientForget: MessageCodec<ClientForget> = fieldsCodec(0x49, 'client-forget', { id: nodeId });

export const failure: MessageCodec<Failure> = fieldsCodec(0x60, 'failure', {
  code: text(limits.maxFailureCodeBytes),
  message: cutText(limits.maxFailureTextUnits),
  acknowledged: anyInteger,
  needed: anyInteger,
});
