import { SimpleDHTError } from '@simpledht/wire';

export interface DirectoryLock {
  release(): void;
}

export function lockedError(directory: string, owner: number | undefined): SimpleDHTError {
  const who =
    owner === undefined
      ? 'another process has it open'
      : owner === process.pid
        ? 'this process has it open already'
        : `process ${String(owner)} has it open`;
  return new SimpleDHTError('ERR_STORE_LOCKED', `The store in ${directory} is locked: ${who}`);
}
