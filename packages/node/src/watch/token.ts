import { decodeVector, encodeVector, SimpleDHTError, type VectorEntry } from '@simpledht/wire';
import { invalid } from '../options.ts';

/** Watches share the vector of a turn: it is written once, and only if somebody looks. */
const written = new WeakMap<readonly VectorEntry[], string>();

/** A version vector as text: where a watch stands, on this node as on any other. */
export function tokenOf(vector: readonly VectorEntry[]): string {
  let token = written.get(vector);
  if (token === undefined) {
    token = Buffer.from(encodeVector(vector)).toString('base64url');
    written.set(vector, token);
  }
  return token;
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
