import type { StorageRequest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { RandomRun, type RunOptions } from './random-run.ts';

/** More by `SIMPLEDHT_SEEDS=20000 npx vitest run test/simulation.test.ts`; one alone by `SIMPLEDHT_SEED=123`. */
const only = process.env['SIMPLEDHT_SEED'];
const first = only === undefined ? 1 : Number(only);
const seeds = only === undefined ? Number(process.env['SIMPLEDHT_SEEDS'] ?? 250) : 1;

/** The first seed that fails, and why. */
function firstFailure(count: number, options?: RunOptions): string | undefined {
  for (let seed = first; seed < first + count; seed++) {
    try {
      new RandomRun(seed, options).run();
    } catch (error) {
      return `seed ${String(seed)} (SIMPLEDHT_SEED=${String(seed)}): ${String(error)}`;
    }
  }
  return undefined;
}

type DeltaChange = (delta: Extract<StorageRequest, { kind: 'delta' }>) => StorageRequest;

function tamper(change: DeltaChange): RunOptions {
  return { tamper: (message) => (message.kind === 'delta' ? change(message) : message) };
}

describe('random histories with loss, repetition, reordering, partitions, crashes and wiped stores', () => {
  it(`end with equal replicas that hold each key's largest write (${String(seeds)} seeds)`, () => {
    expect(firstFailure(seeds)).toBeUndefined();
  }, 600_000);
});

describe.skipIf(only !== undefined)('the same runs notice', () => {
  it('a watermark that advances over a gap', () => {
    const broken = tamper((delta) => ({ ...delta, ranges: delta.ranges.map((range) => ({ ...range, from: 0 })) }));
    expect(firstFailure(200, broken)).toBeDefined();
  });

  it('a record that is missing from its range', () => {
    const broken = tamper((delta) => ({ ...delta, records: delta.records.slice(0, -1) }));
    expect(firstFailure(200, broken)).toBeDefined();
  });

  it('a record that changes on its way', () => {
    const broken = tamper((delta) => ({ ...delta, records: delta.records.map((one) => ({ ...one, value: null })) }));
    expect(firstFailure(200, broken)).toBeDefined();
  });

  it('a version that changes on its way', () => {
    const broken = tamper((delta) => ({
      ...delta,
      records: delta.records.map((one) => ({ ...one, value: one.value, hlc: one.hlc + 1 })),
    }));
    expect(firstFailure(200, broken)).toBeDefined();
  });
});
