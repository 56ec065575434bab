import { limits, type NodeId, type StoredRecord } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundBytes, textBytes, textOf, timeBound, timeKinds } from '../src/lmdb/index-keys.ts';
import { encodedBytes, readPlaces, readRecord, writeRecord } from '../src/lmdb/record-layout.ts';
import { fields, otherOrigin, record } from './support/records.ts';

const otherWriter = 'ff'.repeat(16) as NodeId;

const records: fc.Arbitrary<StoredRecord> = fc
  .record({
    hlc: fc.integer({ min: 0, max: limits.maxClock }),
    seq: fc.integer({ min: 1, max: limits.maxSequence }),
    expiresAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: limits.maxTimeMs })),
    value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }),
    isForeign: fc.boolean(),
  })
  .map(({ isForeign, ...given }) => ({ ...record('key', 1), ...given, ...(isForeign ? { writer: otherWriter } : {}) }));

function encoded(given: StoredRecord): Buffer {
  const target = Buffer.alloc(encodedBytes(given) + 7);
  expect(writeRecord(given, target, 3)).toBe(target.length - 4);
  return target.subarray(3, target.length - 4);
}

describe('the layout of a record', () => {
  it('gives every field back', () => {
    fc.assert(
      fc.property(records, (given) => {
        const bytes = encoded(given);
        expect(fields(readRecord('key', bytes))).toEqual(fields(given));
        const { hlc, origin, seq, expiresAt } = given;
        const [isTombstone, valueBytes] = [given.value === null, given.value?.length ?? 0];
        expect(readPlaces(bytes)).toEqual({ hlc, origin, seq, expiresAt, isTombstone, valueBytes });
      }),
    );
  });

  it('is this one: it is on disks, so it never changes without a new format version', () => {
    const given = { ...record('key', 258, 'ab'), hlc: 2 ** 52 + 7, expiresAt: 1_900_000_000_000 };
    expect(encoded({ ...given, writer: otherWriter }).toString('hex')).toBe(
      `160010000000000007000000000102${given.origin}${'ff'.repeat(16)}000001ba60d338006162`,
    );
    expect(encoded({ ...record('key', 1, null), origin: otherOrigin }).toString('hex')).toBe(
      `150000000000001000000000000001${otherOrigin}${'0a'.repeat(16)}`,
    );
    expect(encoded(record('key', 1, '')).length).toBe(39);
  });

  it.each([
    ['nothing', ''],
    ['another version', `20${'00'.repeat(38)}`],
    ['an unknown flag', `18${'00'.repeat(38)}`],
    ['too few bytes', `10${'00'.repeat(37)}`],
    ['a tombstone with a value', `11${'00'.repeat(39)}`],
    ['a clock past the safe integers', `100020000000000000${'00'.repeat(30)}`],
    ['an expiry past the safe integers', `12${'00'.repeat(38)}0020000000000000`],
  ])('refuses %s by name', (_, hex) => {
    expect(() => readRecord('key', Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'ERR_STORE' }));
  });

  it('gives plain bytes, of which a slice is a copy', () => {
    expect(readRecord('key', encoded(record('key', 1))).value?.constructor).toBe(Uint8Array);
  });
});

describe('keys of the databases', () => {
  it('order times by time before all else', () => {
    const times = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 52, limits.maxClock];
    const bounds = times.map((time) => timeBound(timeKinds.expiry, time, textBytes('z')));
    expect([...bounds].reverse().sort((a, b) => Buffer.compare(a, b))).toEqual(bounds);
  });

  it('refuse bytes that are no UTF-8', () => {
    expect(() => textOf(Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: 'ERR_STORE' }));
  });

  it('bounds that end in half a character stand where no character is', () => {
    const below = (text: string, bound: Uint8Array): boolean => Buffer.compare(textBytes(text), bound) < 0;
    // U+1F400 is the first character with the half D83D.
    for (const side of ['at', 'above'] as const) {
      expect(below('\u{1f3ff}', boundBytes('\ud83d', side))).toBe(true);
      expect(below('\u{1f400}', boundBytes('\ud83d', side))).toBe(false);
      expect(below('\u{10ffff}', boundBytes('\udc00', side))).toBe(true);
    }
    expect(below('ab', boundBytes('ab', 'at'))).toBe(false);
    expect(below('ab', boundBytes('ab', 'above'))).toBe(true);
  });
});
