import type { Store } from '@simpledht/node';

/** What this file uses of the LMDB store's package. */
interface LmdbModule {
  readonly lmdbStore?: (options: { readonly path: string }) => Store;
}

/** A name that the compiler does not look up: the rest of the benchmarks runs without the package. */
function packageName(): string {
  return '@simpledht/storage-lmdb';
}

/** A store on disk at `path`; `undefined` where the package cannot be loaded. */
export async function diskStore(path: string): Promise<Store | undefined> {
  try {
    const { lmdbStore } = (await import(packageName())) as LmdbModule;
    return lmdbStore?.({ path });
  } catch {
    return undefined;
  }
}

export async function hasDiskStore(): Promise<boolean> {
  try {
    await import(packageName());
    return true;
  } catch {
    return false;
  }
}
