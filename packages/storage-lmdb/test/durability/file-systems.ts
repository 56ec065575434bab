import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDirectory, undoLater } from '../support/temporary.ts';

/** A file system of its own, with what is needed to take it away again. */
export interface FileSystem {
  /** Where it is mounted. */
  readonly path: string;
  unmount(): void;
}

const imageBytes = 96 * 1_048_576;

/** A new ext4 in a file. */
export function newImage(): string {
  const image = join(newDirectory(), 'image');
  writeFileSync(image, '');
  truncateSync(image, imageBytes);
  run('mkfs.ext4', '-q', '-F', image);
  return image;
}

/** What a disk holds when its power goes: what reached the device behind the file system's cache, and nothing else. */
export function cutPower(image: string): string {
  const copy = join(newDirectory(), 'image');
  copyFileSync(image, copy);
  return copy;
}

export function mountImage(image: string): FileSystem {
  return mount('-o', 'loop', image);
}

/** In memory, and full soon. */
export function mountSmall(kilobytes: number): FileSystem {
  return mount('-t', 'tmpfs', '-o', `size=${String(kilobytes)}k`, 'tmpfs');
}

/** Nothing can be made in it, not even a socket. */
export function mountReadOnly(): FileSystem {
  return mount('-t', 'tmpfs', '-o', 'ro', 'tmpfs');
}

function mount(...argv: readonly string[]): FileSystem {
  const path = join(newDirectory(), 'mounted');
  mkdirSync(path);
  run('mount', ...argv, path);
  let isMounted = true;
  const unmount = (): undefined => {
    if (!isMounted) return;
    isMounted = false;
    // Lazily where somebody still holds it: it goes with them, and so does its loop device.
    try {
      run('umount', path);
    } catch {
      run('umount', '--lazy', path);
    }
  };
  undoLater(unmount);
  return { path, unmount };
}

/** Why file systems cannot be mounted here; `undefined` when they can. */
export function whyNoMounts(): string | undefined {
  if (process.platform !== 'linux') return 'it mounts file systems of Linux';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  try {
    const image = newImage();
    mountImage(image).unmount();
    rmSync(image);
    return undefined;
  } catch (error) {
    return `file systems cannot be mounted: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function run(command: string, ...argv: readonly string[]): void {
  execFileSync(command, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}
