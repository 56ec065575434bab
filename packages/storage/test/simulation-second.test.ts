import { describe, expect, it } from 'vitest';
import { firstFailure, seedsOf } from './simulation/suite.ts';

const seeds = seedsOf(1, 2);

/** In a file of its own, so that two cores share the work. */
describe('random histories, second half', () => {
  it(`end with equal replicas that hold each key's largest write (${String(seeds.length)} seeds)`, () => {
    expect(firstFailure(seeds)).toBeUndefined();
  }, 600_000);
});
