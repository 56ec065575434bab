import { storeCompliance, type StoreSubject } from '../src/compliance/index.ts';
import { memoryStore, type Store } from '../src/index.ts';

/** A memory store, or another, of which some methods are replaced. */
export function wrapped(wrong: (store: Store) => Partial<Store>, store: Store = memoryStore()): Store {
  const replaced = wrong(store);
  return new Proxy(store, {
    get: (target, name) => {
      const own: unknown = Reflect.get(replaced, name);
      const member: unknown = own ?? Reflect.get(target, name, target);
      return typeof member === 'function' && own === undefined ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Runs the suite with a runner of its own; the names of the tests that failed. */
export async function failuresOf(subject: StoreSubject): Promise<string[]> {
  const tests: { name: string; run: () => void | Promise<void> }[] = [];
  storeCompliance(
    {
      describe: (_, run) => {
        run();
      },
      it: (name, run) => {
        tests.push({ name, run });
      },
    },
    subject,
  );
  const failures: string[] = [];
  for (const { name, run } of tests) {
    try {
      await run();
    } catch {
      failures.push(name);
    }
  }
  return failures;
}
