import { limits } from '@simpledht/wire';
import { invalid } from '../options.ts';

/** `ttl` of a write: ms, above 0. Throws `ERR_INVALID_OPTION`. */
export function checkTtl(ttl: number | undefined): void {
  if (ttl === undefined) return;
  if (typeof ttl === 'number' && ttl > 0 && ttl <= limits.maxTimeMs) return;
  throw invalid('ttl', 'a positive number of ms', ttl);
}

/** Absolute expiry, ms since 1970, of a checked `ttl`; 0 without one. Never sooner than asked for. */
export function expiryOf(ttl: number | undefined, nowMs: number): number {
  return ttl === undefined ? 0 : Math.min(limits.maxTimeMs, Math.ceil(nowMs + ttl));
}
