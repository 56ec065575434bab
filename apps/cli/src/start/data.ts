import type { NodeOptions } from '@simpledht/node';
import type * as storage from '@simpledht/storage-lmdb';
import { Failure } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * Opens the store on disk. Loaded only here: it brings native code, which an installation may have left out, and every
 * other use of the command does without.
 */
export async function openData(directory: string): Promise<NonNullable<NodeOptions['store']>> {
  const { lmdbStore } = await loadStore();
  return lmdbStore({ path: directory });
}

async function loadStore(): Promise<typeof storage> {
  try {
    return await import('@simpledht/storage-lmdb');
  } catch (error) {
    throw new Failure('ERR_UNSUPPORTED', exitCodes.failed, '--data cannot be used: its store cannot be loaded here', [
      `Reason: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      'It needs optional packages: install again without --omit=optional, such as: npm install -g simpledht',
      'Without --data the node keeps its data in memory, and its peers keep it while it is away',
    ]);
  }
}
