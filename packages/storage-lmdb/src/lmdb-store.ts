import { mkdirSync, realpathSync } from 'node:fs';
import type { Store } from '@simpledht/storage';
import { SimpleDHTError } from '@simpledht/wire';
import { storeError } from './errors.ts';
import { LmdbEngine } from './lmdb/lmdb-engine.ts';
import { lockDirectory } from './lock/directory-lock.ts';
import { withOverlay, type OverlayOptions } from './overlay/with-overlay.ts';

export interface LmdbStoreOptions extends OverlayOptions {
  /** Directory of the store; made when it is not there. One store at a time uses it. */
  readonly path: string;
  /**
   * Waits for the disk: what was flushed outlives a power cut. True by default. With false only the end of the process is
   * survived, and a power cut may damage the whole store: for data that can be made again.
   */
  readonly sync?: boolean;
}

/**
 * A store on the local disk. Throws `ERR_INVALID_OPTION`, `ERR_STORE_LOCKED` when it is open elsewhere, and `ERR_STORE`
 * when the directory cannot be used, holds something else or is damaged.
 *
 * ```ts
 * const node = new DHTNode({ store: lmdbStore({ path: './data' }) })
 * ```
 */
export function lmdbStore(options: LmdbStoreOptions): Store & Required<Pick<Store, 'backup'>> {
  checkOptions(options);
  const { sync = true } = options;
  const directory = makeDirectory(options.path);
  const lock = lockDirectory(directory);
  try {
    const engine = new LmdbEngine({ directory, sync }, () => {
      lock.release();
    });
    return withOverlay(engine, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function checkOptions({ path, sync, retryMs }: Partial<Record<keyof LmdbStoreOptions, unknown>>): void {
  if (typeof path !== 'string' || path === '') throw invalid('path', 'the name of a directory');
  if (sync !== undefined && typeof sync !== 'boolean') throw invalid('sync', 'true or false');
  if (retryMs !== undefined && !(Number.isInteger(retryMs) && Number(retryMs) >= 1))
    throw invalid('retryMs', 'a whole number of ms of at least 1');
}

function invalid(name: string, wanted: string): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_OPTION', `Option ${name} of lmdbStore must be ${wanted}`);
}

function makeDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return realpathSync(path);
  } catch (cause) {
    throw storeError('ERR_STORE', `${path} cannot be used as the directory of a store`, cause);
  }
}
