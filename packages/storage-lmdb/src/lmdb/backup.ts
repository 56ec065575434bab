import { closeSync, fsyncSync, openSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asStoreError, storeError } from '../errors.ts';
import { dataFileName } from './data-file.ts';
import { openDatabases, type Databases } from './databases.ts';
import { textBytes } from './index-keys.ts';
import { verify } from './verify.ts';

/** The node's own key (see `identity.ts` of `@simpledht/node`): without it the next start makes a new one. */
const nodeKeyName = 'node.key';
/** Tells the replica that its numbers go on elsewhere: it takes a new origin. */
const copiedName = 'replica/copied';

/**
 * Copies what is durable into a new or empty directory, marks the copy as one, and proves that it opens and is whole.
 * Writes go on meanwhile. Not compacted: LMDB's compaction once wrote copies that did not open. Rejects with `ERR_STORE`;
 * then nothing of the copy is left.
 */
export async function backupTo({ root }: Databases, path: string): Promise<void> {
  const directory = resolve(path);
  await makeEmptyDirectory(directory);
  try {
    await root.backup(directory, false);
    await mark(directory);
    await prove(directory);
    sync(join(directory, dataFileName));
    sync(directory);
  } catch (cause) {
    await removeFiles(directory);
    throw asStoreError(cause, `The backup to ${directory} failed`);
  }
}

async function makeEmptyDirectory(directory: string): Promise<void> {
  let entries: string[];
  try {
    await mkdir(directory, { recursive: true });
    entries = await readdir(directory);
  } catch (cause) {
    throw storeError('ERR_STORE', `A backup to ${directory} is not possible`, cause);
  }
  if (entries.length > 0) throw storeError('ERR_STORE', `A backup needs a new or empty directory; ${directory} is not`);
}

/** Whoever starts on the copy is another node than the one that was copied, with an origin of its own. */
async function mark(directory: string): Promise<void> {
  const { root, meta } = openDatabases({ directory });
  try {
    root.transactionSync(() => {
      void meta.remove(textBytes(nodeKeyName));
      void meta.put(textBytes(copiedName), Buffer.of(1));
    });
  } finally {
    await root.close();
  }
}

async function prove(directory: string): Promise<void> {
  const copy = openDatabases({ directory, readOnly: true });
  try {
    await verify(copy);
  } finally {
    await copy.root.close();
  }
  // Made by opening it; a start makes it anew.
  await rm(join(directory, 'lock.mdb'), { force: true });
}

async function removeFiles(directory: string): Promise<void> {
  for (const name of [dataFileName, 'lock.mdb']) await rm(join(directory, name), { force: true });
}

/** Windows syncs no directories; a file's sync is all there is to do there. */
function sync(path: string): void {
  if (process.platform === 'win32' && !path.endsWith(dataFileName)) return;
  const file = openSync(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
