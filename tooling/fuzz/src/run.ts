import { parseArgs } from 'node:util';
import type { Coverage } from './coverage.ts';
import { Fuzzer, type FuzzResult } from './engine.ts';
import { keepFailure, replay } from './failures.ts';
import type { Target } from './target.ts';
import { targets } from './targets/index.ts';

/** What the command does; returns its exit code. */
export function run(coverage: Coverage, args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string' },
    },
  });
  if (values.file !== undefined) {
    replay(values.file, targets);
    console.log('It passes.');
    return 0;
  }
  const chosen = choose(values.target);
  const [seconds, seed] = [positive('seconds', values.seconds), positive('seed', values.seed)];
  const rows = chosen.map((target) => fuzz(target, { coverage, seed, seconds: seconds / chosen.length }));
  console.table(Object.fromEntries(rows));
  return rows.some(([, { failures }]) => failures > 0) ? 1 : 0;
}

function choose(names: string | undefined): readonly Target[] {
  if (names === undefined) return targets;
  return names.split(',').map((name) => {
    const target = targets.find((each) => each.name === name);
    if (target !== undefined) return target;
    throw new RangeError(`There is no target ${name}; there are ${targets.map((each) => each.name).join(', ')}`);
  });
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} takes a whole number above 0`);
}

interface Share {
  readonly coverage: Coverage;
  readonly seed: number;
  readonly seconds: number;
}

interface Row extends Omit<FuzzResult, 'covered' | 'runs'> {
  readonly inputs: number;
  readonly 'a second': number;
  readonly 'covered %': number;
}

function fuzz(target: Target, { coverage, seed, seconds }: Share): [string, Row] {
  const start = performance.now();
  const fuzzer = new Fuzzer(target, {
    seed,
    coverage,
    timed: true,
    goesOn: () => performance.now() - start < seconds * 1000,
    onFailure: ({ input, error }) => {
      const path = keepFailure(target.name, input);
      console.error(`${target.name}: ${error.stack ?? error.message}\n  npm run fuzz -- --file ${path}\n`);
    },
  });
  const { runs, corpus, covered, failures } = fuzzer.run();
  const rate = Math.round((runs / (performance.now() - start)) * 1000);
  const share = Math.round((covered ?? 0) * 1000) / 10;
  return [target.name, { inputs: runs, 'a second': rate, corpus, 'covered %': share, failures }];
}
