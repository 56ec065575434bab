/**
 * Runs `work` with a signal that is aborted after `ms`, and with `outer`. Not `AbortSignal.any` of a `timeout`: in Node.js 20 such a
 * signal may be collected as garbage before it fires (nodejs/node#54614).
 */
export async function withDeadline<T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(new Error('it took too long'));
  }, ms).unref();
  const onAbort = (): void => {
    over.abort(outer?.reason);
  };
  outer?.addEventListener('abort', onAbort);
  if (outer?.aborted === true) onAbort();
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}
