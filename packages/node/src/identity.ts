import { createHash } from 'node:crypto';
import type { Store } from '@simpledht/storage';
import type { Random } from '@simpledht/transport';
import type { NodeId } from '@simpledht/wire';

const keyName = 'node.key';
const keyBytes = 32;

/** A node's identity: a random key that is kept with the data, and the id that follows from it. Never the bind address. */
export interface Identity {
  readonly id: NodeId;
  readonly key: Uint8Array;
}

/** The identity that the store holds, or a new one: whoever has the data is the same node. Writes nothing. */
export function loadIdentity(store: Store, random: Random): Identity {
  const kept = store.meta(keyName);
  const key = kept?.length === keyBytes ? kept : random.bytes(keyBytes);
  return { id: nodeIdOf(key), key };
}

/** Keeps the identity with the data. */
export function keepIdentity(store: Store, { key }: Identity): void {
  if (store.meta(keyName) === undefined) store.apply({ meta: [[keyName, key]] });
}

/** First 16 bytes of SHA-256 of the node's own key. */
function nodeIdOf(key: Uint8Array): NodeId {
  return createHash('sha256').update(key).digest('hex').slice(0, 32) as NodeId;
}
