import { BrokenPromise } from './broken-promise.ts';
import { runClasses } from './classes.ts';
import type { RunOptions } from './scene.ts';
import { classOf, explain, StoreRun } from './store-run.ts';

/** What the core cannot do yet. */
const waiting: readonly string[] = ['away', 'clone', 'clocks', 'mixed'];
const options: RunOptions = { keepsTombstones: true };

const only = process.env['SIMPLEDHT_SEED'];
const count = Number(process.env['SIMPLEDHT_SEEDS'] ?? 2_000);
const from = Number(process.env['SIMPLEDHT_FROM'] ?? 1);
const wanted = process.env['SIMPLEDHT_CLASS'];
export const classes: readonly string[] =
  wanted?.split(',') ?? runClasses.map(({ name }) => name).filter((name) => !waiting.includes(name));

/** More by `SIMPLEDHT_SEEDS=20000 npx vitest run test/simulation`; one alone by `SIMPLEDHT_CLASS=purge SIMPLEDHT_SEED=123`. */
export const isSingle: boolean = only !== undefined;

/** The seeds of one test file of several: they take turns, so that each has every class. */
export function seedsOf(part: number, parts: number): number[] {
  if (only !== undefined) return part === 0 ? [Number(only)] : [];
  const seeds: number[] = [];
  for (let seed = from; seed < from + count; seed++) {
    if (Math.floor(seed / classes.length) % parts === part) seeds.push(seed);
  }
  return seeds;
}

/** The first seed that fails: what happened in it, and how to see it again. */
export function firstFailure(seeds: readonly number[]): string | undefined {
  for (const seed of seeds) {
    try {
      new StoreRun(seed, classOf(seed, classes), options).run();
    } catch (error) {
      if (error instanceof BrokenPromise) return explain(seed, classOf(seed, classes), options);
      throw error;
    }
  }
  return undefined;
}
