import type { Store } from '@simpledht/node';
import type { lmdbStore } from '@simpledht/storage-lmdb';

/** A store on disk at `path`; `undefined` where its native part cannot be loaded. */
export async function diskStore(path: string): Promise<Store | undefined> {
  const module = await load();
  return module?.lmdbStore({ path });
}

export async function hasDiskStore(): Promise<boolean> {
  return (await load()) !== undefined;
}

async function load(): Promise<{ readonly lmdbStore: typeof lmdbStore } | undefined> {
  try {
    return await import('@simpledht/storage-lmdb');
  } catch {
    return undefined;
  }
}
