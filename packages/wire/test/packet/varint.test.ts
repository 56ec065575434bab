import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, SimpleDHTError, varintBytes } from '../../src/index.ts';
import { hex, unhex } from './checksum.ts';

function written(value: number): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(8));
  writer.varint(value);
  return writer.bytes.slice(0, writer.offset);
}

describe('varint', () => {
  // RFC 9000 §A.1; its 8-byte example is above 2^53 and refused below.
  it.each([
    [37, '25'],
    [15_293, '7bbd'],
    [494_878_333, '9d7f3e7d'],
    [Number.MAX_SAFE_INTEGER, 'c01fffffffffffff'],
  ])('writes and reads %d as %s', (value, bytes) => {
    expect(hex(written(value))).toBe(bytes);
    expect(new ByteReader(unhex(bytes)).varint()).toBe(value);
  });

  it('reads longer forms than needed (RFC 9000 §16)', () => {
    expect(new ByteReader(unhex('4025')).varint()).toBe(37);
  });

  it('refuses integers that a number cannot hold', () => {
    for (const bytes of ['c020000000000000', 'c2197c5eff14e88c']) {
      expect(() => new ByteReader(unhex(bytes)).varint()).toThrow(SimpleDHTError);
    }
    expect(() => {
      written(Number.MAX_SAFE_INTEGER + 1);
    }).toThrow(RangeError);
  });

  it('round-trips every safe integer in the length that it says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = written(value);
        expect(bytes).toHaveLength(varintBytes(value));
        expect(new ByteReader(bytes).varint()).toBe(value);
      }),
    );
  });

  it('round-trips 48-bit integers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (value) => {
        const writer = new ByteWriter(new Uint8Array(6));
        writer.u48(value);
        expect(new ByteReader(writer.bytes).u48()).toBe(value);
      }),
    );
  });

  it('never reads past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 7 }), fc.nat({ max: 7 }), (bytes, end) => {
        const reader = new ByteReader(bytes, 0, end);
        expect(() => reader.take(Math.min(end, bytes.length) + 1)).toThrow('it ends early');
      }),
    );
  });
});
