import type { Store } from '../store.ts';
import { timeRules } from './by-time.ts';
import { crashRules } from './crashes.ts';
import { readingRules } from './reading.ts';
import { writingRules } from './writing.ts';

/** The part of a test runner that the suite needs: vitest, node:test, mocha and jest all have it. */
export interface Runner {
  describe(name: string, run: () => void): void;
  it(name: string, run: () => void | Promise<void>): void;
}

export interface StoreSubject {
  /** What stands above the tests in the report. */
  readonly name: string;
  /** A new, empty store. */
  readonly open: () => Store | Promise<Store>;
  /**
   * For stores with `durable: true`: opens the same place again as if the process had been killed at this moment,
   * without `close`. What was flushed must be there.
   */
  readonly reopenAfterCrash?: (store: Store) => Store | Promise<Store>;
}

/** What every store has to keep: runs the whole suite on a store that someone wrote. */
export function storeCompliance(runner: Runner, subject: StoreSubject): void {
  runner.describe(`Store: ${subject.name}`, () => {
    for (const [name, check] of [...readingRules, ...timeRules, ...writingRules, ...crashRules]) {
      runner.it(name, async () => {
        const store = await subject.open();
        try {
          await check(store, subject);
        } finally {
          await store.close();
        }
      });
    }
  });
}
