import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@simpledht/storage';
import { storeCompliance } from '@simpledht/storage/compliance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { JsonFileStore } from '../src/own-store/json-file-store.ts';

let folder: string;
let stores = 0;
/** Where a store keeps its data, so that a second one can be opened in the same place. */
const paths = new WeakMap<Store, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simpledht-own-store-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

storeCompliance(
  { describe, it },
  {
    name: 'JsonFileStore',
    open: () => openAt(join(folder, `${String(stores++)}.json`)),
    // A killed process leaves the file as it is; so does a store that nobody closes.
    reopenAfterCrash: (store) => openAt(paths.get(store) ?? 'nowhere'),
  },
);

function openAt(path: string): JsonFileStore {
  const store = new JsonFileStore(path);
  paths.set(store, path);
  return store;
}
