import type { StorageRequest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { BrokenPromise } from './simulation/broken-promise.ts';
import { runClass } from './simulation/classes.ts';
import type { RunOptions } from './simulation/scene.ts';
import { classOf, StoreRun } from './simulation/store-run.ts';
import { classes, firstFailure, isSingle, seedsOf } from './simulation/suite.ts';

const seeds = seedsOf(0, 2);

type DeltaChange = (delta: Extract<StorageRequest, { kind: 'delta' }>) => StorageRequest;

function tamper(change: DeltaChange): RunOptions {
  return { keepsTombstones: true, tamper: (message) => (message.kind === 'delta' ? change(message) : message) };
}

/** Which invariant a broken rule breaks first, in a few classic runs. */
function broken(options: RunOptions, name = 'classic'): string | undefined {
  for (let seed = 1; seed < 200; seed++) {
    try {
      new StoreRun(seed, runClass(name), options).run();
    } catch (error) {
      if (error instanceof BrokenPromise) return error.invariant;
      throw error;
    }
  }
  return undefined;
}

describe('random histories (the other half is in simulation-second.test.ts)', () => {
  it(`end with equal replicas that hold each key's largest write (${String(seeds.length)} seeds)`, () => {
    expect(firstFailure(seeds)).toBeUndefined();
  }, 600_000);
});

describe.skipIf(isSingle)('a seed', () => {
  it('repeats a run to the last event', () => {
    const hashOf = (seed: number): string => {
      const run = new StoreRun(seed, classOf(seed, classes), { keepsTombstones: true, chaosMs: 4_000 });
      run.run();
      return run.scene.hash.value;
    };
    const few = Array.from({ length: 20 }, (_, index) => 1_000 + index);
    const hashes = few.map(hashOf);
    expect(few.map(hashOf)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(few.length);
  });
});

describe.skipIf(isSingle)('the same runs notice', () => {
  it('a watermark that advances over a gap', () => {
    const options = tamper((delta) => ({ ...delta, ranges: delta.ranges.map((range) => ({ ...range, from: 0 })) }));
    expect(broken(options)).toBeDefined();
  });

  it('a record that is missing from its range', () => {
    expect(broken(tamper((delta) => ({ ...delta, records: delta.records.slice(0, -1) })))).toBeDefined();
  });

  it('a record that changes on its way', () => {
    const options = tamper((delta) => ({ ...delta, records: delta.records.map((one) => ({ ...one, value: null })) }));
    expect(broken(options)).toBeDefined();
  });

  it('a version that changes on its way', () => {
    const options = tamper((delta) => ({
      ...delta,
      records: delta.records.map((one) => ({ ...one, value: one.value, hlc: one.hlc + 1 })),
    }));
    expect(broken(options)).toBeDefined();
  });

  it('an answer that leaves before what it speaks of is durable', () => {
    expect(broken({ keepsTombstones: true, leavesEarly: true }, 'disk')).toBe('false acknowledgement');
  });
});
