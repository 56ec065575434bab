import { compareKeys } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkKey,
  checkNamespace,
  isInSpan,
  namespaceBounds,
  spanOf,
  splitKey,
  storedKey,
  type KeyBounds,
} from '../src/index.ts';

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '\u0000', '\u00e9', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  maxLength: 4,
});

describe('keys', () => {
  it.each([[undefined], [null], [5], [[]], [''], ['\ud800'], ['a\udc00b']])(
    'refuses %j with ERR_INVALID_KEY',
    (key) => {
      expect(() => checkKey(key)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_KEY' }));
    },
  );

  it('measures keys in bytes of UTF-8', () => {
    expect(checkKey('\u00e9'.repeat(512))).toHaveLength(512);
    expect(checkKey('\u{1f600}'.repeat(256))).toHaveLength(512);
    expect(() => checkKey(`${'\u00e9'.repeat(512)}a`)).toThrow(expect.objectContaining({ code: 'ERR_KEY_TOO_LARGE' }));
    expect(() => checkKey('a'.repeat(1_025))).toThrow('1024 bytes of UTF-8; this one has 1025');
  });

  it('splits a stored key at the first NUL, so a key may hold others', () => {
    expect(storedKey('', 'a')).toBe('\u0000a');
    expect(splitKey(storedKey('users', 'a\u0000b'))).toEqual({ namespace: 'users', key: 'a\u0000b' });
    expect(() => splitKey('none')).toThrow('separator');
  });

  it.each([[''], ['a\u0000'], ['\ud800'], [7], ['n'.repeat(128)]])('refuses %j as a namespace', (name) => {
    expect(() => checkNamespace(name)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  it('maps bounds into the namespace: what a range gives is what the bounds say of the plain keys', () => {
    const bound = fc.option(text, { nil: undefined });
    const bounds = fc.record({ gt: bound, gte: bound, lt: bound, lte: bound, prefix: bound });
    fc.assert(
      fc.property(
        bounds,
        fc.constantFrom('', 'n'),
        text,
        fc.constantFrom('', 'n', 'm'),
        (given, namespace, key, other) => {
          const present = Object.fromEntries(Object.entries(given).filter(([, end]) => end !== undefined)) as KeyBounds;
          const { gt, gte, lt, lte, prefix = '' } = present;
          const isWanted =
            other === namespace &&
            key.startsWith(prefix) &&
            (gt === undefined || compareKeys(key, gt) > 0) &&
            (gte === undefined || compareKeys(key, gte) >= 0) &&
            (lt === undefined || compareKeys(key, lt) < 0) &&
            (lte === undefined || compareKeys(key, lte) <= 0);
          expect(isInSpan(storedKey(other, key), spanOf(namespaceBounds(namespace, present)))).toBe(isWanted);
        },
      ),
    );
  });
});
