import { statfsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { SimpleDHTError } from '@simpledht/wire';
import { asStoreError, storeError } from '../errors.ts';

/** ENOSPC and EDQUOT; LMDB's own "the map is full". */
const fullCodes = [28, 122, -30_792];
/** What LMDB says when a page was written in part, and that is a full disk nearly always: the free space tells. */
const inputOutputError = 5;
/** Room that a transaction takes beside its payload: copied branches, the list of free pages. A guess. */
const spareBytes = 262_144;
/** How long the cause of a failed commit is waited for, ms; lmdb-js tells it in the same turn. */
const causePatienceMs = 1_000;

/** True when the disk has room for as much. */
export function hasRoomFor(directory: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    // Every page that changes is written anew, so small records cost more than they hold.
    return bavail * bsize >= bytes * 2 + spareBytes;
  } catch {
    return true;
  }
}

/** Runs a read; what LMDB says of a damaged page becomes `ERR_STORE`. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw asStoreError(cause, 'The store could not be read');
  }
}

/** The error that a failed commit is: `ERR_STORE_FULL` when the disk is full, else `ERR_STORE`. */
export async function commitFailure(error: unknown, directory: string, bytes: number): Promise<SimpleDHTError> {
  const cause = await causeOf(error);
  const code = (cause as { readonly code?: unknown }).code;
  const isFull =
    fullCodes.some((full) => full === code) || (code === inputOutputError && !hasRoomFor(directory, bytes));
  if (isFull) return storeError('ERR_STORE_FULL', `The disk is full: ${directory} cannot grow`, cause);
  return storeError('ERR_STORE', `${directory} could not be written`, cause);
}

/** lmdb-js rejects with an error whose `commitError` is a promise that rejects with what happened. */
async function causeOf(error: unknown): Promise<object> {
  const outer = error instanceof Error ? error : new Error(String(error));
  const { commitError } = outer as { readonly commitError?: unknown };
  if (!(commitError instanceof Promise)) return outer;
  const inner = commitError.then(
    () => outer,
    (cause: unknown) => (cause instanceof Error ? cause : outer),
  );
  return Promise.race([inner, wait(causePatienceMs, outer, { ref: false })]);
}
