import fc, { type Arbitrary } from 'fast-check';
import { test as plain } from 'vitest';

export { fc };

/** A test that holds for every value; the seed of a failure is in its message. */
export function test<T>(name: string, values: Arbitrary<T>, holds: (value: T) => void): void {
  plain(name, () => {
    fc.assert(fc.property(values, holds), { numRuns: 2000 });
  });
}
