import { decodeRetired, type Origin } from '@simpledht/wire';
import type { Store } from '../../src/index.ts';

/** Whether a store's metadata (layout in src/metadata.ts) says that a dot is covered: read apart from the replica. */
export function covers(store: Store, origin: Origin, seq: number): boolean {
  const bytes = store.meta(`replica/vector/${origin}`);
  if (bytes === undefined) return isRetired(store, origin, seq);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (seq <= view.getFloat64(0)) return true;
  for (let at = 8; at + 16 <= bytes.length; at += 16) {
    if (seq >= view.getFloat64(at) && seq <= view.getFloat64(at + 8)) return true;
  }
  return false;
}

function isRetired(store: Store, origin: Origin, seq: number): boolean {
  const bytes = store.meta('replica/retired');
  if (bytes === undefined) return false;
  return decodeRetired(bytes).some((entry) => entry.origin === origin && seq <= entry.watermark);
}
