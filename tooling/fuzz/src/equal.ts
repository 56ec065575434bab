import { isDeepStrictEqual } from 'node:util';
import { Violation } from './violation.ts';

/** Throws unless both are equal; 0 and -0 are, for the codec makes one of both. */
export function assertEqual(actual: unknown, wanted: unknown, what: string): void {
  if (!isDeepStrictEqual(plain(actual), plain(wanted))) throw new Violation(`${what} differs`);
}

/** Buffers as plain arrays, -0 as 0 and dates as their time (an invalid one equals none), all the way down. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return { date: value.getTime() };
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}
