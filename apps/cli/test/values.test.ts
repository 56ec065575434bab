import { describe, expect, test } from 'vitest';
import { fc, test as property } from './support/property.ts';
import { fromJson, toJson, toRaw, toText } from '../src/values.ts';

/** Everything that the map stores. */
const storable = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.uint8Array(),
    fc.date({ noInvalidDate: false }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$date', '$bytes', '$', '$$x')), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('values as JSON', () => {
  property('every storable value comes back as it was', storable, (value) => {
    expect(fromJson(JSON.parse(JSON.stringify(toJson(value))))).toStrictEqual(sameShape(value));
  });

  test('types that JSON lacks are objects with one key', () => {
    expect(toJson({ big: 2n ** 60n, bytes: new Uint8Array([1, 2, 3]), when: new Date(0), not: NaN })).toEqual({
      big: { $bigint: '1152921504606846976' },
      bytes: { $bytes: 'AQID' },
      when: { $date: '1970-01-01T00:00:00.000Z' },
      not: { $number: 'NaN' },
    });
  });

  test('a stored object that looks like such a type is not taken for one', () => {
    expect(toJson({ $date: 'today' })).toEqual({ $$date: 'today' });
    expect(fromJson({ $$date: 'today' })).toEqual({ $date: 'today' });
  });

  test.each([
    // Names that every object has: they were taken for numbers, and __proto__ was stored as an empty object.
    { $number: '__proto__' },
    { $number: 'toString' },
    [{ $date: 'nonsense' }],
    [{ $bytes: '***' }],
    [{ $bigint: '1.5' }],
    [{ $what: '1' }],
    [{ $a: 1, b: 2 }],
  ])('%j is refused', (json) => {
    expect(() => fromJson(json)).toThrow(SyntaxError);
  });
});

describe('values for people', () => {
  test('strings as they are, everything else in a readable form', () => {
    expect(toText('text')).toBe('text');
    expect(toText('')).toBe('');
    expect([0, false, null].map(toText)).toEqual(['0', 'false', 'null']);
    expect(toText(12n)).toBe('12');
    expect(toText(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(toText(new Uint8Array([1, 2, 3]))).toBe('AQID (3 bytes, base64)');
    expect(toText({ a: [1, 'b'] })).toBe('{"a":[1,"b"]}');
  });

  test('raw is what a file would hold', () => {
    expect(toRaw('text')).toBe('text');
    expect(toRaw(new Uint8Array([1]))).toEqual(new Uint8Array([1]));
    expect(toRaw({ a: 1 })).toBe('{"a":1}');
  });
});

/** fast-check makes dictionaries without a prototype; what was parsed has one. */
function sameShape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sameShape);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, sameShape(field)]));
}
