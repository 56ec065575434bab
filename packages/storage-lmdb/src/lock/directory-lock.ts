import { exclusiveFileLock } from './exclusive-file.ts';
import type { DirectoryLock } from './locked.ts';
import { socketLock } from './socket.ts';

/**
 * LMDB lets many processes write to one directory; a replica must be alone in it, or two nodes would use one identity and
 * one row of numbers. The lock has to die with its process, whatever ends it, and must not be fooled by a process id that
 * was given to somebody else or that counts in another container. Only what the system holds open for a process does
 * that. Node.js reaches two such things without native code:
 *
 * - macOS, BSD and Windows open a file exclusively (see `exclusive-file.ts`).
 * - Linux has no such flag; there it is a listening socket in the directory (see `socket.ts`).
 *
 * Throws `ERR_STORE_LOCKED` when another store is open on the directory, in this process or another.
 */
export function lockDirectory(directory: string): DirectoryLock {
  return exclusiveFileLock(directory) ?? socketLock(directory);
}
