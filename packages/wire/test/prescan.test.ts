import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkValue, decodeValue, encodeValue, limits, MalformedError } from '@simpledht/wire';
import { PlainReader } from '../src/msgpack/plain-reader.ts';
import { value as anyValue } from './support/arbitraries.ts';
import { fromHex, thrownBy } from './support/bytes.ts';
import { formats } from './vectors/formats.ts';
import { hostileValues } from './vectors/hostile-values.ts';

/** Everything that is not well-formed in substance is told in the same way. */
function expectRefused(bytes: Uint8Array): void {
  const error = thrownBy(() => decodeValue(bytes));
  expect(error).toBeInstanceOf(MalformedError);
  expect(error).toMatchObject({ code: 'ERR_MALFORMED', reason: 'messagepack' });
  expect(
    thrownBy(() => {
      checkValue(bytes);
    }),
  ).toBeInstanceOf(MalformedError);
}

describe('decoding of values', () => {
  it.each(formats)('reads %s', (hex, value) => {
    const bytes = fromHex(hex);
    checkValue(bytes);
    expect(decodeValue(bytes)).toStrictEqual(value);
    expect(new PlainReader(bytes, 0).value()).toStrictEqual(value);
  });

  it.each(Object.entries(hostileValues))('refuses %s', (_, hex) => {
    expectRefused(fromHex(hex));
  });

  it('refuses a value cut anywhere', () => {
    for (const [hex] of formats) {
      const bytes = fromHex(hex);
      for (let length = 0; length < bytes.length; length++) expectRefused(bytes.subarray(0, length));
    }
  });

  it('reads from a view in the middle of a buffer, and nothing beside it', () => {
    const inner = encodeValue({ text: 'x'.repeat(50), list: [1, 2, 3] }, 1000);
    const outer = Buffer.alloc(inner.length + 20, 0xc1);
    outer.set(inner, 10);
    expect(decodeValue(outer.subarray(10, 10 + inner.length))).toEqual({ text: 'x'.repeat(50), list: [1, 2, 3] });
    expectRefused(outer.subarray(10, 10 + inner.length + 1));
  });

  it('reads large bodies in place, gives plain bytes of them and leaves nothing on them', () => {
    const bytes = encodeValue({ text: 'x'.repeat(50_000), bytes: new Uint8Array(9) }, 100_000);
    const body = Buffer.concat([Buffer.from([0xc1]), bytes, Buffer.from([0xc1])]).subarray(1, -1);
    expect(decodeValue(body)).toStrictEqual({ text: 'x'.repeat(50_000), bytes: new Uint8Array(9) });
    expect('dataView' in body).toBe(false);
  });

  it('bounds what a few bytes grow to', () => {
    const array = (count: number, item: number): Uint8Array => {
      const bytes = new Uint8Array(5 + count).fill(item);
      new DataView(bytes.buffer).setUint32(1, count);
      bytes[0] = 0xdd;
      return bytes;
    };
    expectRefused(array(1_000_000, 0x80));
    expectRefused(array(1_000_000, 0x90));
    expectRefused(array(limits.maxElements + 1, 0x00));
    expectRefused(array(limits.maxObjects, 0x80));
    expect(decodeValue(array(limits.maxObjects - 1, 0x80))).toHaveLength(limits.maxObjects - 1);
    expect(decodeValue(array(limits.maxElements, 0x00))).toHaveLength(limits.maxElements);
  });

  it('counts byte strings and dates as objects', () => {
    const count = limits.maxObjects;
    const header = [0xdd, count >>> 24, count >>> 16, count >>> 8, count];
    for (const item of [
      [0xc4, 0],
      [0xd6, 0xff, 0, 0, 0, 0],
    ]) {
      const bytes = new Uint8Array(5 + count * item.length);
      bytes.set(header);
      for (let at = 5; at < bytes.length; at += item.length) bytes.set(item, at);
      expectRefused(bytes);
    }
  });

  it('takes whatever it accepts through both readers alike, and throws nothing else', () => {
    const token = fc.constantFrom(
      ...[
        0x01, 0x80, 0x81, 0x82, 0x91, 0x92, 0xa0, 0xa1, 0xa2, 0x61, 0xc0, 0xc4, 0xca, 0xcc, 0xd3, 0xd6, 0xff, 0xd9,
        0xdc, 0xde,
      ],
    );
    const bytes = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((array) => Uint8Array.from(array)),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        expectSameOrRefused(body);
      }),
      { numRuns: 10_000 },
    );
  });

  it('takes a changed byte or refuses it', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(255), (value, place, byte) => {
        const bytes = encodeValue(value, limits.maxValueBytes);
        bytes[place % bytes.length] = byte;
        expectSameOrRefused(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

function expectSameOrRefused(bytes: Uint8Array): void {
  let decoded: unknown;
  try {
    decoded = decodeValue(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    // The scan refuses; msgpackr never has to.
    expect((error as MalformedError).cause).toBeUndefined();
    return;
  }
  expect(new PlainReader(bytes, 0).value()).toEqual(decoded);
}
