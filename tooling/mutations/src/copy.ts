import { copyFile, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives an empty folder, which is gone when `use` has ended, however it did. */
export async function withCopy<T>(use: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'simpledht-mutation-'));
  try {
    return await use(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Copies a folder. Links stay as they are: a relative one leads to the copy of what it led to. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isDirectory()) await copyTree(source, target);
    else await copyFile(source, target);
  }
}
