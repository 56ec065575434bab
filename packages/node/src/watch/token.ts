import { decodeVector, encodeVector, SimpleDHTError, type VectorEntry } from '@simpledht/wire';
import { invalid } from '../options.ts';

/** A version vector as text: where a watch stands, on this node as on any other. */
export function tokenOf(vector: readonly VectorEntry[]): string {
  return Buffer.from(encodeVector(vector)).toString('base64url');
}

/** Throws `ERR_INVALID_OPTION` for what is no token. */
export function vectorOf(token: unknown): readonly VectorEntry[] {
  if (typeof token !== 'string' || !/^[\w-]+$/.test(token)) throw invalid('from', 'a token of a watch', token);
  try {
    return decodeVector(Buffer.from(token, 'base64url'));
  } catch (cause) {
    throw new SimpleDHTError('ERR_INVALID_OPTION', 'Option from is not a token of a watch', { cause });
  }
}
