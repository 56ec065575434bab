import { randomBytes } from 'node:crypto';
import type { Random } from './random.ts';

/** Cryptographically strong where it matters (`bytes`), quick where it does not (`next`). */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
