import { storeCompliance } from '@simpledht/storage/compliance';
import type { Store } from '@simpledht/storage';
import { describe, it } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { copyAsCrashed, newDirectory } from './support/directories.ts';

const directories = new WeakMap<Store, string>();

function open(path: string = newDirectory()): Store {
  const store = lmdbStore({ path });
  directories.set(store, path);
  return store;
}

storeCompliance(
  { describe, it },
  {
    name: 'lmdb',
    open: () => open(),
    reopenAfterCrash: (store) => open(copyAsCrashed(directories.get(store) ?? '')),
  },
);
