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

/** The identity that the store holds, or a new one written into it: whoever has the data is the same node. */
export function loadIdentity(store: Store, random: Random): Identity {
  const kept = store.meta(keyName);
  if (kept?.length === keyBytes) return { id: nodeIdOf(kept), key: kept };
  const key = random.bytes(keyBytes);
  store.apply({ meta: [[keyName, key]] });
  return { id: nodeIdOf(key), key };
}

/** First 16 bytes of SHA-256 of the node's own key. */
function nodeIdOf(key: Uint8Array): NodeId {
  return createHash('sha256').update(key).digest('hex').slice(0, 32) as NodeId;
}
