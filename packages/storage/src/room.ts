import { SimpleDHTError } from '@simpledht/wire';
import type { Store } from './store.ts';

export interface RoomLimits {
  readonly store: Store;
  readonly maxKeys: number;
  readonly maxStoreBytes: number;
}

/** Throws `ERR_MAP_FULL` when so many new keys with so many bytes do not fit. Deletes always fit: they free more than they take. */
export function mustHaveRoom({ store, maxKeys, maxStoreBytes }: RoomLimits, keys: number, bytes: number): void {
  if (store.size + keys > maxKeys) {
    const text = `The map holds ${String(store.size)} keys, deleted ones included, of at most ${String(maxKeys)}`;
    throw new SimpleDHTError('ERR_MAP_FULL', text);
  }
  if (store.bytes + bytes > maxStoreBytes) {
    const text = `The map holds ${String(store.bytes)} of at most ${String(maxStoreBytes)} bytes`;
    throw new SimpleDHTError('ERR_MAP_FULL', text);
  }
}
