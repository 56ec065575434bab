/** The suite brings its own assertions, so that it runs under any runner and in any place. */

export function isTrue(value: boolean, what: string): void {
  if (!value) throw new Error(`store compliance: ${what}`);
}

/** Compares by content: bytes, arrays and plain objects. */
export function isSame(actual: unknown, expected: unknown, what: string): void {
  const [seen, wanted] = [printed(actual), printed(expected)];
  if (seen !== wanted) throw new Error(`store compliance: ${what}\n  expected ${wanted}\n  but got  ${seen}`);
}

export function throws(run: () => unknown, code: string, what: string): void {
  try {
    run();
  } catch (error) {
    isSame((error as { code?: unknown }).code, code, what);
    return;
  }
  throw new Error(`store compliance: ${what}: nothing was thrown`);
}

function printed(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Uint8Array ? `bytes ${[...inner].join(' ')}` : inner,
  );
}
