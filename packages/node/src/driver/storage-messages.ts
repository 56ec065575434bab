import { decodeMessage, type Message, type StorageReply, type StorageRequest } from '@simpledht/wire';

/** Every kind once; the types make one that is missing here an error. */
const requests: Readonly<Record<StorageRequest['kind'], true>> = {
  digest: true,
  delta: true,
  'page-request': true,
  fetch: true,
  'bucket-request': true,
};
const replies: Readonly<Record<StorageReply['kind'], true>> = {
  digest: true,
  covered: true,
  page: true,
  fetched: true,
  buckets: true,
};

/** A message that a replica answers. */
export function isStorageRequest(message: Message): message is StorageRequest {
  return Object.hasOwn(requests, message.kind);
}

function isStorageReply(message: Message): message is StorageReply {
  return Object.hasOwn(replies, message.kind);
}

/** The answer of a peer; `undefined` for nonsense, which is no answer. */
export function storageReply(payload: Uint8Array): StorageReply | undefined {
  let message: Message;
  try {
    message = decodeMessage(payload);
  } catch {
    return undefined;
  }
  return isStorageReply(message) ? message : undefined;
}
