import { SimpleDHTError, type ErrorCode } from '@simpledht/wire';

/** An error of this package's own as it is; anything else as `ERR_STORE` with the cause. */
export function asStoreError(cause: unknown, message: string): SimpleDHTError {
  return SimpleDHTError.is(cause) ? cause : storeError('ERR_STORE', message, cause);
}

/** With the cause's words, for most logs show no causes. */
export function storeError(code: ErrorCode, message: string, cause?: unknown): SimpleDHTError {
  if (cause === undefined) return new SimpleDHTError(code, message);
  const words = cause instanceof Error ? `: ${cause.message}` : '';
  return new SimpleDHTError(code, message + words, { cause });
}
