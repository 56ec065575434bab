import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutation, Patch } from './list.ts';

const packagePath = fileURLToPath(new URL('../..', import.meta.url));
const rootPath = fileURLToPath(new URL('../../../..', import.meta.url));

export interface Verdict {
  readonly mutation: Mutation;
  /** The class, seed and invariant that noticed; `undefined` when none did. */
  readonly caught: string | undefined;
  readonly seconds: number;
}

/** Breaks the rule in a copy of the sources and runs the simulation on it until a run fails. */
export async function tryMutation(mutation: Mutation, seeds: number, extra: readonly string[] = []): Promise<Verdict> {
  const startedMs = performance.now();
  const copy = await mkdtemp(join(tmpdir(), 'simpledht-mutation-'));
  try {
    await prepare(copy, mutation);
    const caught = await caughtBy({ copy, mutation, seeds, extra });
    return { mutation, caught, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
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
  for (const patch of patchesOf(mutation)) await apply(copy, patch);
}

/** Which patch of a mutation does not fit the sources any more; `undefined` when all do. */
export async function misfit(mutation: Mutation): Promise<string | undefined> {
  for (const { file, search } of patchesOf(mutation)) {
    const source = await readFile(join(packagePath, 'src', file), 'utf8');
    if (source.split(search).length !== 2) return `${file}: ${search}`;
  }
  return undefined;
}

function patchesOf({ file, search = '', replacement = '', also = [] }: Mutation): readonly Patch[] {
  return file === undefined ? [] : [{ file, search, replacement }, ...also];
}

async function apply(copy: string, { file, search, replacement }: Patch): Promise<void> {
  const path = join(copy, 'src', file);
  const source = await readFile(path, 'utf8');
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`${file} has ${String(parts.length - 1)} times: ${search}`);
  await writeFile(path, parts.join(replacement));
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    await (entry.isDirectory() ? copyTree(source, target) : copyFile(source, target));
  }
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
