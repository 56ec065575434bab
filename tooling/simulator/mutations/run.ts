import { fork } from 'node:child_process';
import { mkdir, copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatches, copyTree, patchesOf, withCopy, type BrokenRule, type Verdict } from '@simpledht/mutations';
import type { BrokenInClusters } from './rules/broken-in-clusters.ts';
import type { Batch, Failure, Results } from '../src/batch.ts';
import { drawPlan, type DrawOptions } from '../src/plan/draw.ts';
import { runPlan } from '../src/run/run.ts';

export const rootPath: string = fileURLToPath(new URL('../../..', import.meta.url));
/** Patches name their files from here. */
export const packagesPath: string = join(rootPath, 'packages');

/** What a run is made of, and may be broken. */
const packages = ['wire', 'transport', 'membership', 'storage', 'node'];
/** A run that takes longer, by the clock on the wall, does not end any more. */
const patienceMs = 120_000;

export interface Budget {
  /** Runs at the most. */
  readonly seeds: number;
  /** Gives up, and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

interface Trial {
  readonly copy: string;
  readonly draw: DrawOptions;
  readonly signal: AbortSignal | undefined;
}

/** Breaks the rule in a copy of the sources and runs clusters on it until a run fails that holds without. */
export async function tryMutation(mutation: BrokenInClusters, { seeds, signal }: Budget): Promise<Verdict> {
  const startedMs = performance.now();
  const caught = await withCopy(async (copy) => {
    await prepare(copy, mutation);
    return caughtBy({ copy, signal, draw: mutation.draw ?? {} }, seeds);
  });
  return { caught, seconds: (performance.now() - startedMs) / 1_000 };
}

async function caughtBy(trial: Trial, seeds: number): Promise<string | undefined> {
  for (let from = 1; from <= seeds;) {
    const failure = await firstFailure(trial, from, seeds - from + 1);
    if (failure === undefined) return undefined;
    const { seed, message } = failure;
    // What fails without the mutation as well shows something else.
    if ((await runPlan(drawPlan(seed, trial.draw))).violation === undefined)
      return `seed ${String(seed)}${told(trial.draw)}: ${shortened(message)}`;
    from = seed + 1;
  }
  return undefined;
}

async function prepare(copy: string, mutation: BrokenRule): Promise<void> {
  await symlink(join(rootPath, 'node_modules'), join(copy, 'node_modules'));
  await copyFile(join(rootPath, 'tsconfig.base.json'), join(copy, 'tsconfig.base.json'));
  const tools = ['simulator', 'options'].map((each) => join('tooling', each));
  for (const name of [...packages.map((each) => join('packages', each)), ...tools]) {
    const [from, to] = [join(rootPath, name), join(copy, name)];
    await mkdir(to, { recursive: true });
    await copyFile(join(from, 'package.json'), join(to, 'package.json'));
    // Links between packages are relative: those of the copy lead to the copy.
    for (const part of ['src', 'node_modules']) await copyTree(join(from, part), join(to, part));
  }
  await applyPatches(join(copy, 'packages'), patchesOf(mutation));
}

/** Runs seeds in a process of its own, which may hang or die. */
function firstFailure({ copy, signal, draw }: Trial, from: number, count: number): Promise<Failure | undefined> {
  const batch: Batch = { from, stride: 1, count, draw, maxSeconds: 1e9, stopsAtFailure: true };
  const child = fork(join(copy, 'tooling/simulator/src/main.ts'), ['--worker', JSON.stringify(batch)], {
    cwd: rootPath,
    ...(signal === undefined ? {} : { signal }),
    killSignal: 'SIGKILL',
    execArgv: ['--conditions=@simpledht/source', '--import', 'tsx', '--max-semi-space-size=64'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let [errors, seed, isLate] = ['', from, false];
  let failure: Failure | undefined;
  const giveUp = (): void => {
    isLate = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(giveUp, patienceMs);
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.on('message', (results) => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, patienceMs);
    [failure] = (results as Results).failures;
    seed += 1;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0 && failure === undefined && seed < from + count) reject(new Error(`stopped early: ${errors}`));
      else if (code === 0) resolve(failure);
      else if (isLate) resolve({ seed, invariant: 'never ends', message: 'never ends' });
      // Where not one module was loaded nothing was shown.
      else if (/SyntaxError|TransformError|ERR_MODULE_NOT_FOUND/.test(errors)) reject(new Error(errors));
      else resolve({ seed, invariant: 'ended the process', message: `ended the process: ${lastLine(errors)}` });
    });
  });
}

function lastLine(text: string): string {
  return text.split('\n').find((line) => line.includes('Error')) ?? text.slice(0, 200);
}

/** As options of the simulator. */
function told({ nodes, chaosMs, faults }: DrawOptions): string {
  const options = [
    nodes === undefined ? '' : ` --nodes ${String(nodes)}`,
    chaosMs === undefined ? '' : ` --chaos ${String(chaosMs / 1_000)}`,
    faults === undefined ? '' : ` --fault ${faults.join()}`,
  ];
  return options.join('');
}

function shortened(message: string): string {
  const [line = ''] = message.split('\n');
  return (line.length > 160 ? `${line.slice(0, 160)}…` : line).replaceAll('|', '\\|');
}
