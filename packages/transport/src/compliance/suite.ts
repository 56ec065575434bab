import assert from 'node:assert/strict';
import type { ErrorCode } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import { seededRandom } from '../random.ts';

/** The two functions of a test runner that a suite needs; vitest, node:test, jest and mocha have them. */
export interface SuiteRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** How long a suite waits for what must happen, ms. Nothing in a suite takes long when it works. */
export const defaultBoundMs = 5000;

/** Polls until `predicate` holds; fails with `what` after `boundMs`. */
export async function eventually(what: string, boundMs: number, predicate: () => boolean): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!predicate()) {
    assert.ok(performance.now() < endMs, `Not within ${String(boundMs)} ms: ${what}`);
    await turn();
  }
}

/** Settles with `promise`, or fails with `what` after `boundMs`. */
export async function within<Value>(what: string, boundMs: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new assert.AssertionError({ message: `Not within ${String(boundMs)} ms: ${what}` }));
    }, boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Passes when `promise` rejects with one of `codes`. */
export async function rejectsWith(
  boundMs: number,
  promise: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<void> {
  const outcome = await within(
    `a rejection with ${codes.join(' or ')}`,
    boundMs,
    promise.then(
      () => 'resolved',
      (error: unknown) => error,
    ),
  );
  const code = SimpleDHTError.is(outcome) ? outcome.code : undefined;
  assert.ok(code !== undefined && codes.includes(code), `Expected ${codes.join(' or ')}, not ${String(outcome)}`);
}

/** A turn of the event loop, timers included. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Bytes that differ from place to place and from `seed` to `seed`. */
export function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >>> 8) * 7 + seed * 17) & 0xff;
  return bytes;
}

/** Bytes that no compression makes fewer. */
export function noise(length: number): Uint8Array {
  const random = seededRandom(length);
  return Uint8Array.from({ length }, () => random.next() * 256);
}

export function assertSameBytes(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  assert.ok(actual !== undefined, `${what}: nothing came`);
  assert.equal(actual.length, expected.length, `${what}: length`);
  assert.equal(Buffer.compare(actual, expected), 0, `${what}: bytes`);
}
