import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { guarded } from './guard.ts';
import type { Target } from './target.ts';

/** Inputs that failed once, as `<target>-<hash>.bin`: they stay when the fault is mended, and the suite runs them all. */
const directory: URL = new URL('../failures/', import.meta.url);

/** Returns the path from the root of the repository. */
export function keepFailure(target: string, input: Uint8Array): string {
  const name = `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL(name, directory), input);
  return `tooling/fuzz/failures/${name}`;
}

export function failureFiles(): readonly URL[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.bin'))
      .map((name) => new URL(name, directory));
  } catch {
    // Nothing has failed yet.
    return [];
  }
}

/** Runs a file again; throws what it fails with. */
export function replay(file: URL | string, targets: readonly Target[]): void {
  const name = basename(file instanceof URL ? file.pathname : file).replace(/-[0-9a-f]+\.bin$/, '');
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new RangeError(`There is no target ${name}`);
  guarded(target, Uint8Array.from(readFileSync(file)), true);
}
