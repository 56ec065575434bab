import { existsSync } from 'node:fs';
import { main, number, text, UsageError, words, type Values } from '@simpledht/script-options';
import type { Coverage } from './coverage.ts';
import { Fuzzer, type FuzzResult } from './engine.ts';
import { keepFailure, replay } from './failures.ts';
import type { Target } from './target.ts';
import { targets } from './targets/index.ts';

const usage = {
  command: 'npm run fuzz',
  about: 'Fuzzes every decoder that sees foreign bytes, guided by the coverage of its sources.',
  examples: [
    ['--seconds 60', 'all targets, in equal shares of the time'],
    ['--target messages,stun --seed 7', 'two of them, by another seed'],
    ['--file tooling/fuzz/failures/<target>-<hash>.bin', 'an input that failed, again'],
  ],
  options: {
    seconds: number({ help: 'how long, all together', default: 60, least: 1 }),
    target: words({ help: 'only these', of: targets.map(({ name }) => name) }),
    seed: number({ help: 'draws the inputs', default: 1, least: 1 }),
    file: text({ help: 'runs only this input', takes: 'a file', sign: 'FILE' }),
  },
} as const;

/** What the command does; returns its exit code. */
export function run(coverage: Coverage): Promise<number> {
  return main(usage, (options) => (options.file === undefined ? fuzzAll(coverage, options) : again(options.file)));
}

function again(file: string): boolean {
  if (!existsSync(file)) throw new UsageError(`--file: there is no ${file}`);
  replay(file, targets);
  console.log('It passes.');
  return true;
}

function fuzzAll(coverage: Coverage, { seconds, seed, target: names }: Values<typeof usage.options>): boolean {
  const chosen = names === undefined ? targets : targets.filter(({ name }) => names.includes(name));
  const rows = chosen.map((target) => fuzz(target, { coverage, seed, seconds: seconds / chosen.length }));
  console.table(Object.fromEntries(rows));
  return rows.every(([, { failures }]) => failures === 0);
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
