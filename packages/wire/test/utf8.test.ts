import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, fitsUtf8, isUtf8, ordersByUnits, readUtf8, utf8Length, writeUtf8 } from '@simpledht/wire';
import { text } from './support/arbitraries.ts';
import { fromHex } from './support/bytes.ts';

const runs = { numRuns: 10_000 };

describe('UTF-8', () => {
  it('writes, measures and reads what the platform does', () => {
    fc.assert(
      fc.property(text, (sample) => {
        const expected = Buffer.from(sample);
        const target = new Uint8Array(expected.length);
        expect(writeUtf8(sample, target, 0)).toBe(expected.length);
        expect(Buffer.compare(target, expected)).toBe(0);
        expect(utf8Length(sample)).toBe(expected.length);
        expect(readUtf8(target, 0, target.length)).toBe(sample);
        expect(isUtf8(target, 0, target.length)).toBe(true);
      }),
      runs,
    );
  });

  it('keeps a byte order mark at the start, short or long', () => {
    for (const sample of ['\ufeff', '\ufeffkey', `\ufeff${'x'.repeat(500)}`]) {
      const bytes = Uint8Array.from(Buffer.from(sample));
      expect(readUtf8(bytes, 0, bytes.length)).toBe(sample);
    }
  });

  it.each([
    ['a continuation byte alone', '80'],
    ['an overlong slash', 'c0 af'],
    ['an overlong NUL', 'c0 80'],
    ['an overlong form of three bytes', 'e0 9f bf'],
    ['an overlong form of four bytes', 'f0 8f bf bf'],
    ['a high surrogate', 'ed a0 80'],
    ['a surrogate pair', 'ed a0 bd ed b8 80'],
    ['above U+10FFFF', 'f4 90 80 80'],
    ['a byte that never occurs', 'ff'],
    ['cut after the first of two', 'c3'],
    ['cut after the second of three', 'e2 82'],
    ['cut after the third of four', 'f0 9f 98'],
    ['a letter where a continuation belongs', 'e2 82 41'],
  ])('refuses %s', (_, hex) => {
    for (const before of [0, 3, 300]) {
      const bytes = new Uint8Array([...new Array<number>(before).fill(0x61), ...fromHex(hex)]);
      expect(isUtf8(bytes, 0, bytes.length)).toBe(false);
      expect(readUtf8(bytes, 0, bytes.length)).toBeUndefined();
    }
  });

  it('agrees with the platform on any bytes', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const isValid = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const unit = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 7 }), (units) => {
        const bytes = Uint8Array.from(units);
        expect(isUtf8(bytes, 0, bytes.length)).toBe(isValid(bytes));
      }),
      runs,
    );
  });

  it('looks only at the bytes it is given', () => {
    const bytes = fromHex('61 c3 a9 62');
    expect(isUtf8(bytes, 0, 2)).toBe(false);
    expect(isUtf8(bytes, 1, 3)).toBe(true);
    expect(readUtf8(bytes, 1, 3)).toBe('é');
  });

  it('says whether a text fits, at the edge', () => {
    expect(fitsUtf8('a'.repeat(1024), 1024)).toBe(true);
    expect(fitsUtf8('a'.repeat(1025), 1024)).toBe(false);
    expect(fitsUtf8('é'.repeat(512), 1024)).toBe(true);
    expect(fitsUtf8(`${'é'.repeat(512)}a`, 1024)).toBe(false);
    expect(fitsUtf8('😀'.repeat(256), 1024)).toBe(true);
  });
});

describe('order of keys', () => {
  // Plain `<` puts U+1F600 (d83d de00) before U+FFFD.
  const corner = fc.string({
    unit: fc.constantFrom('a', 'é', '\ud7ff', '\ue000', '\ufffd', '😀', '\u{10ffff}'),
    maxLength: 4,
  });

  it('is the order of their bytes', () => {
    expect(compareKeys('\ufffd', '😀')).toBeLessThan(0);
    fc.assert(
      fc.property(fc.oneof(text, corner), fc.oneof(text, corner), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      runs,
    );
  });

  it('is plain `<` where one of the keys says so', () => {
    fc.assert(
      fc.property(fc.oneof(text, corner), fc.oneof(text, corner), (a, b) => {
        fc.pre(ordersByUnits(a));
        expect(Math.sign(compareKeys(a, b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
      runs,
    );
  });
});
