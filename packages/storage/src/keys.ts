import { limits, SimpleDHTError, fitsUtf8, utf8Length } from '@simpledht/wire';
import type { KeyBounds } from './store.ts';

/*
 * Stored key = <namespace> NUL <key>. The default namespace is '', so a plain key is stored as NUL <key>. A namespace
 * holds no NUL, so the first NUL splits; a key may hold any number of them. All keys of a namespace are one prefix.
 */

const separator = '\u0000';

/** Checks a user's key. Throws `ERR_INVALID_KEY` or `ERR_KEY_TOO_LARGE`. */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string') {
    throw new SimpleDHTError('ERR_INVALID_KEY', `A key must be a string, not ${describe(key)}`);
  }
  if (key.length === 0) throw new SimpleDHTError('ERR_INVALID_KEY', 'A key must not be empty');
  if (!key.isWellFormed()) {
    throw new SimpleDHTError('ERR_INVALID_KEY', 'A key must be well-formed text: it holds half of a surrogate pair');
  }
  if (!fitsUtf8(key, limits.maxKeyBytes)) {
    const text = `A key may have ${limits.maxKeyBytes} bytes of UTF-8; this one has ${utf8Length(key)}`;
    throw new SimpleDHTError('ERR_KEY_TOO_LARGE', text);
  }
  return key;
}

/** Checks the name of a namespace. Throws `ERR_INVALID_OPTION`. */
export function checkNamespace(name: unknown): string {
  if (typeof name !== 'string' || name.length === 0 || !name.isWellFormed() || name.includes(separator)) {
    throw new SimpleDHTError('ERR_INVALID_OPTION', 'A namespace must be non-empty well-formed text without NUL');
  }
  if (!fitsUtf8(name, limits.maxNamespaceBytes)) {
    throw new SimpleDHTError('ERR_INVALID_OPTION', `A namespace may have ${limits.maxNamespaceBytes} bytes of UTF-8`);
  }
  return name;
}

/** The stored key of a checked key; '' is the default namespace. */
export function storedKey(namespace: string, key: string): string {
  const stored = namespace + separator + key;
  // Looking at a character makes one flat string of what was concatenated, which a Map would do at twice the cost.
  if (stored.charCodeAt(namespace.length) !== 0) throw new RangeError('not a stored key');
  return stored;
}

/** Takes a stored key apart. */
export function splitKey(stored: string): { readonly namespace: string; readonly key: string } {
  const at = stored.indexOf(separator);
  if (at < 0) throw new SimpleDHTError('ERR_MALFORMED', 'A stored key has no separator');
  return { namespace: stored.slice(0, at), key: stored.slice(at + 1) };
}

/** A user's bounds within a namespace as bounds of stored keys. */
export function namespaceBounds(namespace: string, bounds: KeyBounds = {}): KeyBounds {
  const { gt, gte, lt, lte, reverse } = bounds;
  return {
    prefix: storedKey(namespace, bounds.prefix ?? ''),
    ...(gt === undefined ? {} : { gt: storedKey(namespace, gt) }),
    ...(gte === undefined ? {} : { gte: storedKey(namespace, gte) }),
    ...(lt === undefined ? {} : { lt: storedKey(namespace, lt) }),
    ...(lte === undefined ? {} : { lte: storedKey(namespace, lte) }),
    ...(reverse === undefined ? {} : { reverse }),
  };
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}
