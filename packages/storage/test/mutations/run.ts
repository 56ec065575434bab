import { spawn } from 'node:child_process';
import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatches, copyTree, patchesOf, withCopy, type Verdict } from '@simpledht/mutations';
import type { Mutation } from './list.ts';

const packagePath = fileURLToPath(new URL('../..', import.meta.url));
const rootPath = fileURLToPath(new URL('../../../..', import.meta.url));
export const sourcesPath: string = join(packagePath, 'src');

/** Breaks the rule in a copy of the sources and runs the simulation on it until a run fails. */
export async function tryMutation(mutation: Mutation, seeds: number, extra: readonly string[] = []): Promise<Verdict> {
  const startedMs = performance.now();
  const caught = await withCopy(async (copy) => {
    await prepare(copy, mutation);
    return caughtBy({ copy, mutation, seeds, extra });
  });
  return { caught, seconds: (performance.now() - startedMs) / 1_000 };
}

interface Trial {
  readonly copy: string;
  readonly mutation: Mutation;
  readonly seeds: number;
  readonly extra: readonly string[];
}

/** The first run that fails because of the mutation: one that fails without it as well shows something else. */
async function caughtBy({ copy, mutation, seeds, extra }: Trial): Promise<string | undefined> {
  const sound: Mutation = { rule: 'none', classes: mutation.classes };
  for (let from = 1; from <= seeds;) {
    const range = ['--from', String(from), '--seeds', String(seeds - from + 1)];
    const failure = await firstFailure(copy, mutation, [...range, ...extra]);
    if (failure === undefined) return undefined;
    const seed = Number(/seed (\d+)/.exec(failure)?.[1]);
    const one = ['--from', String(seed), '--seeds', '1', ...extra];
    if ((await firstFailure(packagePath, sound, one)) === undefined) return failure;
    from = seed + 1;
  }
  return undefined;
}

async function prepare(copy: string, mutation: Mutation): Promise<void> {
  await copyFile(join(packagePath, 'package.json'), join(copy, 'package.json'));
  for (const part of ['src', 'test']) await copyTree(join(packagePath, part), join(copy, part));
  await symlink(join(packagePath, 'node_modules'), join(copy, 'node_modules'));
  await applyPatches(join(copy, 'src'), patchesOf(mutation));
}

function firstFailure(
  copy: string,
  { classes, args = [] }: Mutation,
  extra: readonly string[],
): Promise<string | undefined> {
  const script = join(copy, 'test/simulation/main.ts');
  const options = ['--first', '--class', classes.join(','), ...args, ...extra];
  const child = spawn(process.execPath, ['--conditions=@simpledht/source', '--import', 'tsx', script, ...options], {
    cwd: rootPath,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(undefined);
      else if (code === 1 && output.includes('seed')) resolve(output.trim().split('\n')[0]);
      else reject(new Error(`the simulation ended with code ${String(code)}: ${errors}`));
    });
  });
}
