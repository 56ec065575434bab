import type { Store } from '../store.ts';
import type { StoreSubject } from './index.ts';

/** One promise of the port: a name and a check that throws. */
export type Rule = readonly [name: string, check: (store: Store, subject: StoreSubject) => void | Promise<void>];
