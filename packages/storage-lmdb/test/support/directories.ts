import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A new, empty directory that goes with the test file. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-lmdb-'));
  made.push(directory);
  return directory;
}

/** What a crash at this moment would leave of a store that is open: its data file as it is. */
export function copyAsCrashed(directory: string): string {
  const copy = newDirectory();
  copyFileSync(join(directory, 'data.mdb'), join(copy, 'data.mdb'));
  return copy;
}
