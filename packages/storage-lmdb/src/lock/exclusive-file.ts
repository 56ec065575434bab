import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '../errors.ts';
import { lockedError, type DirectoryLock } from './locked.ts';

const { O_RDWR, O_CREAT } = { O_RDWR: 2, O_CREAT: process.platform === 'win32' ? 0x100 : 0x200 };

/**
 * Flags that Node.js hands through to the system without naming them: O_EXLOCK with O_NONBLOCK of BSD (`flock` while
 * opening, fcntl.h), and libuv's UV_FS_O_EXLOCK for Windows (share mode 0).
 */
const exclusiveFlags: Partial<Record<NodeJS.Platform, number>> = {
  darwin: 0x20 | 0x4,
  freebsd: 0x20 | 0x4,
  openbsd: 0x20 | 0x4,
  win32: 0x10000000,
};

/** A file that the system keeps others from opening until this process closes it or ends; `undefined` where there is none. */
export function exclusiveFileLock(directory: string): DirectoryLock | undefined {
  const flags = exclusiveFlags[process.platform];
  if (flags === undefined) return undefined;
  const owner = join(directory, 'owner');
  const file = openExclusively(directory, O_RDWR | O_CREAT | flags, owner);
  // Not in the locked file, which Windows lets nobody read. Words for people; nothing rests on it.
  writeFileSync(owner, String(process.pid));
  return {
    release: () => {
      closeSync(file);
    },
  };
}

function openExclusively(directory: string, flags: number, owner: string): number {
  try {
    return openSync(join(directory, 'lock'), flags, 0o666);
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EBUSY') throw lockedError(directory, readOwner(owner));
    throw storeError('ERR_STORE', `The store in ${directory} cannot be locked`, cause);
  }
}

function readOwner(path: string): number | undefined {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(owner) && owner > 0 ? owner : undefined;
  } catch {
    return undefined;
  }
}
