import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue, limits, SimpleDHTError } from '@simpledht/wire';
import { PlainReader } from '../src/msgpack/plain-reader.ts';
import { value as anyValue } from './support/arbitraries.ts';
import { thrownBy } from './support/bytes.ts';

const maxBytes = limits.defaultMaxValueBytes;
const encode = (value: unknown): Uint8Array => encodeValue(value, maxBytes);
const roundTrip = (value: unknown): unknown => decodeValue(encode(value));

describe('values', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(roundTrip(value)).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are read the same by msgpackr and by the reader that stands in for it', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(new PlainReader(encode(value), 0).value()).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [0],
    [''],
    [false],
    [null],
    [NaN],
    [Infinity],
    [-Infinity],
    [2 ** 53],
    [-(2 ** 31) - 1],
    [5n],
    [2n ** 64n - 1n],
    [-(2n ** 63n)],
    ['line\nbreak, NUL \0, emoji 😀, \ufffd, mark at the end\ufeff'],
    [`\ufeff${'x'.repeat(100)}`],
    [[`\ufeff${'x'.repeat(100)}`]],
    [new Date(0)],
    [new Date(-1)],
    [new Date(8.64e15)],
    [new Date(-8.64e15)],
    [new Date(-8.64e15 + 1)],
    [[]],
    [{}],
    [{ '': 1, constructor: 1, toString: 2, hasOwnProperty: 3, toJSON: 4, valueOf: 5 }],
  ])('keep %s', (value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  it('turn -0 into 0', () => {
    expect(Object.is(roundTrip(-0), 0)).toBe(true);
  });

  it('keep the type of integers: a bigint never becomes a number, nor a number a bigint', () => {
    expect(roundTrip({ big: 1n, number: Number.MAX_SAFE_INTEGER })).toStrictEqual({
      big: 1n,
      number: Number.MAX_SAFE_INTEGER,
    });
  });

  it('take bytes of any size as Uint8Array or Buffer and give Uint8Array', () => {
    for (const size of [0, 1, 255, 256, 65_535, 65_536, 200_000]) {
      const bytes = Buffer.alloc(size, 7);
      for (const decoded of [
        roundTrip(bytes),
        roundTrip(new Uint8Array(bytes)),
        (roundTrip([bytes]) as unknown[])[0],
      ]) {
        expect(Object.getPrototypeOf(decoded)).toBe(Uint8Array.prototype);
        expect(Buffer.compare(decoded as Uint8Array, bytes)).toBe(0);
      }
    }
  });

  it('take a view of a larger buffer and send only the view', () => {
    const secret = new Uint8Array(1000).fill(0x53);
    expect(roundTrip(secret.subarray(10, 12))).toStrictEqual(new Uint8Array([0x53, 0x53]));
  });

  it('take objects without a prototype, and objects and arrays of another realm', () => {
    expect(roundTrip(Object.assign(Object.create(null) as object, { a: 1, toJSON: 2 }))).toEqual({ a: 1, toJSON: 2 });
    expect(roundTrip(runInNewContext('({ a: [1, { b: 2 }] })'))).toEqual({ a: [1, { b: 2 }] });
  });

  it('take objects with more than 65,535 keys', () => {
    const large = Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${String(index)}`, index]));
    expect(Object.keys(decodeValue(encodeValue(large, limits.maxValueBytes)) as object)).toHaveLength(70_000);
  });

  it('leave out properties that are undefined, as JSON does', () => {
    expect(roundTrip({ a: 1, b: undefined, c: { d: undefined, e: [{ f: undefined }] } })).toStrictEqual({
      a: 1,
      c: { e: [{}] },
    });
    expect(encode({ a: 1, b: undefined })).toEqual(encode({ a: 1 }));
  });

  it('leave out symbol-named, inherited and hidden properties, as JSON does', () => {
    const object = Object.defineProperty({ a: 1, [Symbol('s')]: 2 }, 'hidden', { value: 3, enumerable: false });
    expect(roundTrip(object)).toStrictEqual({ a: 1 });
  });

  it('never call toJSON', () => {
    const value = { a: { toJSON: undefined, b: 1 } };
    expect(roundTrip(value)).toStrictEqual({ a: { b: 1 } });
  });

  it('may hold one object twice', () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }]);
  });

  it('nest up to the limit', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
      return value;
    };
    expect(roundTrip(nested(limits.maxDepth))).toEqual(nested(limits.maxDepth));
    expect(() => encode(nested(limits.maxDepth + 1))).toThrow('deeper than 64 levels');
  });

  it.each([
    ['an object', { text: 'x'.repeat(100) }],
    ['a byte string', new Uint8Array(100).fill(1)],
    ['a text', 'x'.repeat(100)],
    ['a large value', 'x'.repeat(10_000)],
  ])('are encoded into memory that nothing else writes to: %s', (_name, value) => {
    const first = encode(value);
    const copy = first.slice();
    for (let turn = 0; turn < 1000; turn++) encode(turn % 2 === 0 ? 'y'.repeat(100) : new Uint8Array(100).fill(2));
    for (let turn = 0; turn < 1000; turn++) encode({ text: 'y'.repeat(100) });
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBeLessThanOrEqual(Math.max(first.length, 8192));
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  });

  it('of the quick kinds are encoded as msgpackr does it', () => {
    const lengths = [0, 1, 31, 32, 255, 256, 257, 1020, 1021, 1022, 1024];
    const texts = lengths.flatMap((length) => ['a'.repeat(length), 'é'.repeat(length), `${'a'.repeat(length)}é`]);
    const bytes = lengths.map((length) => new Uint8Array(length).fill(length));
    // Inside an array no value takes the quick way; the array itself is one byte.
    for (const value of [...texts, ...bytes, ...bytes.map((each) => Buffer.from(each))])
      expect(encode(value)).toEqual(encode([value]).subarray(1));
  });

  it('share no memory with the bytes that they were decoded from', () => {
    const bytes = encode({ bytes: new Uint8Array([1, 2, 3]), text: 'a longer text than a few characters' });
    const decoded = decodeValue(bytes);
    bytes.fill(0xc1);
    decodeValue(encode({ bytes: new Uint8Array([9, 9, 9]), text: 'Z longer text than a few characters' }));
    expect(decoded).toEqual({ bytes: new Uint8Array([1, 2, 3]), text: 'a longer text than a few characters' });
    expect(Object.keys(bytes)).toHaveLength(bytes.length);
    expect('dataView' in bytes).toBe(false);
  });

  it('come back the same where msgpackr has no native helper', () => {
    const script = fileURLToPath(new URL('./support/without-native-helper.ts', import.meta.url));
    const output = execFileSync(process.execPath, ['--conditions=@simpledht/source', '--import', 'tsx', script], {
      env: { ...process.env, MSGPACKR_NATIVE_ACCELERATION_DISABLED: 'true' },
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('native helper: false, equal: true');
  });
});

class Account {
  balance = 1;
}
class List extends Array<number> {}
class Day extends Date {}

describe('values that are refused', () => {
  const cyclic: Record<string, unknown> = { name: 'c' };
  cyclic['inner'] = [{ back: cyclic }];

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'value: undefined cannot be stored'],
    ['a function', () => 1, 'value: a function cannot be stored'],
    ['a class', Account, 'value: a function cannot be stored'],
    ['a symbol', Symbol('s'), 'value: a symbol cannot be stored'],
    ['a function deep inside', { a: [1, 2, 3, () => 1] }, 'value.a[3]: a function cannot be stored'],
    ['a symbol under a strange key', { 'a b': Symbol('s') }, 'value["a b"]: a symbol cannot be stored'],
    ['a Map', new Map([['a', 1]]), 'value: an instance of Map cannot be stored'],
    ['a Map with object keys', new Map([[{}, 1]]), 'value: an instance of Map cannot be stored'],
    ['a Set', { tags: new Set([1]) }, 'value.tags: an instance of Set cannot be stored'],
    ['a WeakMap', new WeakMap(), 'value: an instance of WeakMap cannot be stored'],
    ['a RegExp', [/a/], 'value[0]: an instance of RegExp cannot be stored'],
    ['an Error', new TypeError('t'), 'value: an instance of TypeError cannot be stored'],
    ['a class instance', { a: new Account() }, 'value.a: an instance of Account cannot be stored'],
    ['an array of a subclass', List.of(1), 'value: an instance of List cannot be stored'],
    ['a date of a subclass', new Day(), 'value: an instance of Day cannot be stored'],
    ['a boxed string', Object('s'), 'value: an instance of String cannot be stored'],
    ['a promise', Promise.resolve(1), 'value: an instance of Promise cannot be stored'],
    ['a Float64Array', { f: new Float64Array(512) }, 'value.f: an instance of Float64Array cannot be stored'],
    ['a Uint16Array', new Uint16Array(2), 'value: an instance of Uint16Array cannot be stored'],
    ['a Uint8ClampedArray', new Uint8ClampedArray(2), 'value: an instance of Uint8ClampedArray cannot be stored'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'value: an instance of ArrayBuffer cannot be stored'],
    ['a DataView', new DataView(new ArrayBuffer(2)), 'value: an instance of DataView cannot be stored'],
    ['an array with a hole', Object.assign([1], { 2: 3 }), 'value[1]: an array with holes cannot be stored'],
    ['undefined in an array', [1, undefined], 'value[1]: undefined cannot be stored in an array; use null'],
    ['a cycle', cyclic, 'value.inner[0].back: a value that contains itself cannot be stored'],
    ['a lone surrogate', 'a\ud800b', 'value: a string with a lone surrogate cannot be stored'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'value["\\udc00"]: a string with a lone surrogate cannot be stored'],
    [
      'a key __proto__',
      JSON.parse('{"a":{"__proto__":{"x":1}}}'),
      'value.a.__proto__: a property named __proto__ cannot be stored',
    ],
    ['an invalid date', new Date(NaN), 'value: an invalid date cannot be stored'],
    ['2^64', 2n ** 64n, 'value: a bigint of more than 64 bits cannot be stored'],
    ['-2^63 - 1', -(2n ** 63n) - 1n, 'value: a bigint of more than 64 bits cannot be stored'],
  ])('%s', (_, value, message) => {
    const error = thrownBy(() => encode(value));
    expect(SimpleDHTError.is(error, 'ERR_INVALID_VALUE')).toBe(true);
    expect((error as Error).message).toBe(message);
  });

  it.each<[string, unknown, number]>([
    ['a string one byte over', 'x'.repeat(100), 101],
    ['a string of wide characters', '😀'.repeat(10), 41],
    ['bytes', new Uint8Array(100), 101],
    ['an array', new Array(50).fill(0), 52],
    ['keys', { aaaaaaaaaa: 1, bbbbbbbbbb: 2 }, 24],
  ])('%s, beyond the size allowed', (_, value, limit) => {
    expect(encodeValue(value, limit + 1).length).toBe(limit + 1);
    expect(
      SimpleDHTError.is(
        thrownBy(() => encodeValue(value, limit)),
        'ERR_VALUE_TOO_LARGE',
      ),
    ).toBe(true);
  });

  it('more elements or objects than any node decodes, without being packed', () => {
    const elements = new Array<number>(limits.maxElements + 1).fill(0);
    const objects = new Array<object>(limits.maxObjects).fill({});
    for (const value of [elements, objects]) {
      expect(
        SimpleDHTError.is(
          thrownBy(() => encodeValue(value, limits.maxValueBytes)),
          'ERR_VALUE_TOO_LARGE',
        ),
      ).toBe(true);
    }
    expect(encodeValue(objects.slice(1), limits.maxValueBytes)).toHaveLength(limits.maxObjects + 4);
  });

  it('a value that repeats itself without end in breadth, at once', () => {
    let wide: unknown = 'x';
    for (let level = 0; level < 60; level++) wide = [wide, wide];
    expect(
      SimpleDHTError.is(
        thrownBy(() => encode(wide)),
        'ERR_VALUE_TOO_LARGE',
      ),
    ).toBe(true);
  });
});
