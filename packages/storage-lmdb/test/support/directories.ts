import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { newDirectory, undoAll } from './temporary.ts';

export { newDirectory } from './temporary.ts';

// What a test file made goes with it.
afterAll(undoAll);

/** What a crash at this moment would leave of a store that is open: its data file as it is. */
export function copyAsCrashed(directory: string): string {
  const copy = newDirectory();
  copyFileSync(join(directory, 'data.mdb'), join(copy, 'data.mdb'));
  return copy;
}
