import { SimpleDHTError, type StoredRecord } from '@simpledht/wire';
import type { Write } from './local-map.ts';
import type { Store } from './store.ts';

export interface RoomLimits {
  readonly store: Store;
  readonly maxKeys: number;
  readonly maxStoreBytes: number;
}

/** A write and what its key holds. */
interface Replacement {
  readonly write: Write;
  readonly previous: StoredRecord | undefined;
}

/** Deletes of keys that are not held may come from a peer that holds them: of these there may be as many again. */
const forDeletes = 2;

/**
 * Throws `ERR_MAP_FULL` when the keys and bytes that these writes add do not fit. What frees bytes always fits, and so do
 * deletes of keys that are held.
 */
export function mustHaveRoom(
  { store, maxKeys, maxStoreBytes }: RoomLimits,
  replacements: readonly Replacement[],
): void {
  let puts = 0;
  let deletes = 0;
  let bytes = 0;
  for (const { write, previous } of replacements) {
    if (previous === undefined && write.value === null) deletes += 1;
    else if (previous === undefined) puts += 1;
    if (write.value !== null) bytes += write.value.length - (previous?.value?.length ?? 0);
  }
  const isOver =
    (puts > 0 && store.size + puts > maxKeys) || (deletes > 0 && store.size + deletes > maxKeys * forDeletes);
  if (isOver) {
    const text = `The map holds ${String(store.size)} keys, deleted ones included, of at most ${String(maxKeys)}`;
    throw new SimpleDHTError('ERR_MAP_FULL', text);
  }
  if (bytes > 0 && store.bytes + bytes > maxStoreBytes) {
    const text = `The map holds ${String(store.bytes)} of at most ${String(maxStoreBytes)} bytes`;
    throw new SimpleDHTError('ERR_MAP_FULL', text);
  }
}
