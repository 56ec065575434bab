import type { NodeId } from '@simpledht/wire';
import type { ReplicaContext } from './context.ts';

/** How another replica stands, as far as this one knows. */
export interface PeerSync {
  readonly peer: NodeId;
  readonly up: boolean;
  /** It has all that this node has. */
  readonly inSync: boolean;
  /** Dots that it lacks. */
  readonly behind: number;
  /** Those of them that were written under this node's present origin. */
  readonly lacksOwn: number;
}

/** All peers, or one. */
export function peerSyncs({ local, peers }: ReplicaContext, only?: NodeId): PeerSync[] {
  const { vector, origin, sequence } = local;
  // Once for all peers: making the entries of thousands of origins costs more than comparing them.
  const entries = vector.entries();
  const wanted = only === undefined ? [...peers.all()] : [peers.get(only)].filter((peer) => peer !== undefined);
  return wanted.map(({ id, up, silent, joining, known }) => {
    let behind = 0;
    for (const entry of entries) behind += Math.max(0, entry.watermark - known.watermark(entry.origin));
    const lacksOwn = origin === '' ? 0 : Math.max(0, sequence - known.watermark(origin));
    return { peer: id, up, inSync: up && !silent && !joining && known.includes(vector), behind, lacksOwn };
  });
}
