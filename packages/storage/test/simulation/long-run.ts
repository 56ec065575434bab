import { runClasses, type RunClass } from './classes.ts';
import type { RunOptions } from './scene.ts';
import { BrokenPromise } from './broken-promise.ts';
import { classOf, StoreRun } from './store-run.ts';
import { Tally } from './tally.ts';

/** Which runs: seed s belongs to class s modulo the number of classes. */
export interface Batch {
  readonly from: number;
  /** Of how many workers this is which one: they take turns. */
  readonly stride: number;
  readonly count: number;
  readonly classes: readonly string[];
  readonly options: RunOptions;
  /** No run begins later. Default: all do. */
  readonly minutes?: number | undefined;
}

export interface Failure {
  readonly seed: number;
  readonly kind: string;
  readonly invariant: string;
}

/** What one class has come to so far. */
export class ClassResult {
  runs = 0;
  readonly tally: Tally = new Tally();
  readonly failures: Failure[] = [];

  add(other: ClassResult): void {
    this.runs += other.runs;
    this.tally.add(other.tally);
    this.failures.push(...other.failures);
  }
}

export type Results = Record<string, ClassResult>;

export function emptyResults(classes: readonly string[]): Results {
  return Object.fromEntries(classes.map((name) => [name, new ClassResult()]));
}

/** Runs a batch, and tells what it came to since it was last told, every `every` runs. */
export function runBatch(batch: Batch, every: number, tell: (results: Results) => void): void {
  let results = emptyResults(batch.classes);
  const endMs = performance.now() + (batch.minutes ?? Infinity) * 60_000;
  for (let run = 0; run < batch.count && performance.now() < endMs; run++) {
    runSeed(batch.from + run * batch.stride, batch, results);
    if ((run + 1) % every !== 0) continue;
    tell(results);
    results = emptyResults(batch.classes);
  }
  tell(results);
}

function runSeed(seed: number, { classes, options }: Batch, results: Results): void {
  const kind = classOf(seed, classes);
  const result = results[kind.name];
  if (result === undefined) return;
  result.runs += 1;
  const failure = failureOf(seed, kind, options, result.tally);
  if (failure !== undefined) result.failures.push(failure);
}

/** Runs one seed: how it failed, or `undefined`. */
export function failureOf(seed: number, kind: RunClass, options: RunOptions, tally?: Tally): Failure | undefined {
  const run = new StoreRun(seed, kind, options);
  try {
    run.run();
    return undefined;
  } catch (error) {
    const invariant = error instanceof BrokenPromise ? error.invariant : `it threw ${String(error).slice(0, 200)}`;
    return { seed, kind: kind.name, invariant };
  } finally {
    tally?.add(run.scene.tally);
  }
}

export const allClasses: readonly string[] = runClasses.map(({ name }) => name);
