import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Undo = () => Promise<unknown> | undefined;

/** What was made for a while, and how it is taken away: the newest first, as it stands on the older. */
const made: Undo[] = [];

/** Takes it away at the end, unless that was done before. */
export function undoLater(undo: Undo): void {
  made.push(undo);
}

/** Safe to call again, also after a failure. */
export async function undoAll(): Promise<void> {
  for (let undo = made.pop(); undo !== undefined; undo = made.pop()) await undo();
}

/** A new, empty directory. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-lmdb-'));
  undoLater(() => {
    rmSync(directory, { recursive: true, force: true });
    return undefined;
  });
  return directory;
}
