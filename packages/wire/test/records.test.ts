import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFloors,
  decodeRecords,
  decodeVector,
  encodeFloors,
  encodeRecords,
  encodeVector,
  keySeparator,
  limits,
  MalformedError,
  recordBytes,
  utf8Length,
  type NodeId,
  type Origin,
  type StoredRecord,
} from '@simpledht/wire';
import { floors, records, vector } from './support/arbitraries.ts';
import { fromHex, thrownBy, toHex } from './support/bytes.ts';

const runs = { numRuns: 1_000 };
const node = '000102030405060708090a0b0c0d0e0f' as NodeId;
const other = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as NodeId;
const origin = `${node}1011121314151617` as Origin;
const first: StoredRecord = {
  key: '\0a',
  value: new Uint8Array([0xc3]),
  hlc: 4096,
  writer: node,
  expiresAt: 0,
  origin,
  seq: 7,
};

describe('record batch', () => {
  it('comes back as it went in', () => {
    fc.assert(
      fc.property(records, (batch) => {
        expect(decodeRecords(encodeRecords(batch))).toEqual({ records: batch, invalid: [] });
      }),
      runs,
    );
  });

  it('has this layout', () => {
    const batch: StoredRecord[] = [
      first,
      { ...first, key: 'é\0é', value: null, hlc: 4097, seq: 8 },
      { ...first, key: '\0c', hlc: 4000, seq: 20, writer: other, expiresAt: 16_384 },
    ];
    const layout = [
      // Three records. Origin and sequence given; origin 0: new, in full; 7; clock + 4096; key; value.
      '03 0c 00', origin, '07 5000 02 0061 01 c3',
      // Tombstone; the sequence goes on; clock + 1; namespace, separator and key of five bytes.
      '01 01 05 c3a900c3a9',
      // Expires, sequence given, writer given, clock goes back; 20; writer 0: new, in full; 97 less; expiry; key; value.
      '3a 14 00', other, '4061 80004000 02 0063 01 c3',
    ]; // prettier-ignore
    expect(toHex(encodeRecords(batch))).toBe(layout.join('').replaceAll(' ', ''));
    expect(decodeRecords(encodeRecords(batch)).records).toEqual(batch);
  });

  it('takes about 5 bytes beside key and value where writes follow each other', () => {
    const batch = Array.from({ length: 100 }, (_, index): StoredRecord => {
      return {
        ...first,
        key: `\0key of twenty${String(index).padStart(6, '0')}`,
        value: new Uint8Array(100),
        hlc: 1e12 + index,
        seq: index + 1,
      };
    });
    const overhead = encodeRecords(batch).length / batch.length - 120;
    expect(overhead).toBeLessThan(6);
  });

  it('is never larger than the records were said to be, with the ids that it names', () => {
    fc.assert(
      fc.property(records, (batch) => {
        const ids =
          new Set(batch.map((each) => each.origin)).size * 24 + new Set(batch.map((each) => each.writer)).size * 16;
        const said = batch.reduce((sum, record) => sum + recordBytes(record), 0);
        expect(encodeRecords(batch).length).toBeLessThanOrEqual(said + ids + 4);
      }),
      runs,
    );
  });

  it('refers to values in place and copies everything else', () => {
    const bytes = encodeRecords([first]);
    const [record] = decodeRecords(bytes).records;
    expect(record?.value?.buffer).toBe(bytes.buffer);
  });

  it('refuses to encode what would arrive as something else', () => {
    for (const broken of [
      { hlc: 0.5 },
      { hlc: NaN },
      { hlc: Infinity },
      { seq: 2 ** 53 },
      { expiresAt: -1 },
      { expiresAt: 1.5 },
    ]) {
      expect(() => encodeRecords([{ ...first, ...broken }])).toThrow(RangeError);
    }
    expect(() => encodeRecords([{ ...first, origin: 'not hex'.padEnd(48, ' ') as Origin }])).toThrow(RangeError);
  });
});

describe('records out of the range of the protocol', () => {
  const good = { ...first, key: '\0good', hlc: 5, seq: 2, value: null };
  const behind = { ...first, key: '\0behind', hlc: 6, seq: 9 };

  it.each<[string, Partial<StoredRecord>, string]>([
    ['an empty key', { key: '' }, 'key'],
    ['a key without separator', { key: 'k' }, 'key'],
    ['a long key without separator', { key: 'k'.repeat(limits.maxStoredKeyBytes) }, 'key'],
    ['a namespace without key', { key: 'users\0' }, 'key'],
    ['a separator alone', { key: '\0' }, 'key'],
    ['a key that is too long', { key: `\0${'k'.repeat(limits.maxKeyBytes + 1)}` }, 'key'],
    ['a key that is too long by one letter of two bytes', { key: `\0${'k'.repeat(limits.maxKeyBytes - 1)}é` }, 'key'],
    ['a namespace that is too long', { key: `${'n'.repeat(limits.maxNamespaceBytes + 1)}\0k` }, 'key'],
    ['a namespace that is too long by one byte of é', { key: `${'é'.repeat(64)}\0k` }, 'key'],
    ['a key longer than both may be', { key: `\0${'k'.repeat(limits.maxStoredKeyBytes)}` }, 'key'],
    ['an expiry past the last date', { expiresAt: limits.maxTimeMs + 1 }, 'expiry'],
    ['sequence number 0', { seq: 0 }, 'sequence'],
    ['a sequence number too large', { seq: limits.maxSequence + 1 }, 'sequence'],
    ['a value that is too large', { value: new Uint8Array(limits.maxValueBytes + 1) }, 'value'],
  ])('%s is told apart, and what is behind it arrives', (_, broken, reason) => {
    const bad = { ...first, seq: 3, ...broken };
    expect(decodeRecords(encodeRecords([good, bad, behind]))).toEqual({
      records: [good, behind],
      invalid: [{ origin, seq: bad.seq, reason }],
    });
  });

  it('a key that is not UTF-8 is told apart', () => {
    const bytes = encodeRecords([first]);
    bytes[bytes.lastIndexOf(0x61)] = 0xff;
    expect(decodeRecords(bytes)).toEqual({ records: [], invalid: [{ origin, seq: 7, reason: 'key' }] });
  });

  it.each(['\0\0', '\0k\0', 'n\0\0k', '\0😀', `${'n'.repeat(limits.maxNamespaceBytes)}\0k`])(
    'a user key may hold whatever text it likes, NUL too: %j',
    (key) => {
      expect(decodeRecords(encodeRecords([{ ...first, key }])).records).toEqual([{ ...first, key }]);
    },
  );

  it('a separator behind the key, in the value, is none of it', () => {
    const bad = { ...first, key: 'k', value: new Uint8Array(300) };
    expect(decodeRecords(encodeRecords([bad])).invalid).toEqual([{ origin, seq: 7, reason: 'key' }]);
  });

  it('a clock before the beginning or past the end is told apart', () => {
    const back = fromHex(`02 0c 00 ${origin} 01 05 02 0061 01 c3  20 06 02 0062 01 c3`);
    expect(decodeRecords(back).invalid).toEqual([{ origin, seq: 2, reason: 'clock' }]);
    const past = fromHex(`02 0c 00 ${origin} 01 c01fffffffffffff 02 0061 01 c3  00 01 02 0062 01 c3`);
    expect(decodeRecords(past).invalid).toEqual([{ origin, seq: 2, reason: 'clock' }]);
    expect(decodeRecords(past).records[0]?.hlc).toBe(limits.maxClock);
  });

  it('the largest of everything is not', () => {
    const largest: StoredRecord = {
      key: 'n'.repeat(limits.maxNamespaceBytes) + keySeparator + 'k'.repeat(limits.maxKeyBytes),
      value: new Uint8Array(limits.maxValueBytes),
      hlc: limits.maxClock,
      writer: other,
      expiresAt: limits.maxTimeMs,
      origin,
      seq: limits.maxSequence,
    };
    const batch = decodeRecords(encodeRecords([largest]));
    expect(batch.invalid).toEqual([]);
    expect(batch.records[0]?.value).toHaveLength(limits.maxValueBytes);
    expect(utf8Length(largest.key)).toBe(limits.maxStoredKeyBytes);
    expect(batch.records[0]).toMatchObject({ ...largest, value: expect.any(Uint8Array) as unknown });
  });
});

describe('a broken batch', () => {
  const start = `01 0c 00 ${origin}`;

  it.each([
    ['nothing', ''],
    ['more records than bytes', '05 0c 00'],
    ['2^32 records announced', 'c000000100000000'],
    ['unknown flags', `01 4c 00 ${origin} 07 01 01 61 01 c3`],
    ['a first record without an origin', '01 08 07 01 01 61 01 c3'],
    ['an origin that was not named', '01 0c 05 07 01 01 61 01 c3'],
    ['a writer that was not named', `01 1c 00 ${origin} 07 03 01 01 61 01 c3`],
    ['a key past the end', `${start} 07 01 40ff 61 01 c3`],
    ['a value past the end', `${start} 07 01 01 61 80ffffff c3`],
    ['an integer longer than needed', `${start} 4007 01 01 61 01 c3`],
    ['an integer above 2^53', `${start} ffffffffffffffff 01 01 61 01 c3`],
    ['bytes after the last record', `${start} 07 01 01 61 01 c3 00`],
  ])('%s', (_, hex) => {
    const error = thrownBy(() => decodeRecords(fromHex(hex)));
    expect(error).toBeInstanceOf(MalformedError);
    expect(error).toMatchObject({ reason: 'layout' });
  });

  it('of more records than a message may hold is refused, both ways', () => {
    const bytes = new Uint8Array(4 + 3 * (limits.maxRecordsPerMessage + 1));
    bytes.set(fromHex('80010001'));
    expect(() => decodeRecords(bytes)).toThrow('too large a count');
    const batch = new Array<StoredRecord>(limits.maxRecordsPerMessage + 1).fill(first);
    expect(() => encodeRecords(batch)).toThrow('too many records');
    expect(decodeRecords(encodeRecords(batch.slice(1))).records).toHaveLength(limits.maxRecordsPerMessage);
  });

  it('is refused wherever it is cut', () => {
    fc.assert(
      fc.property(records, fc.nat(), (batch, place) => {
        const bytes = encodeRecords(batch);
        expect(() => decodeRecords(bytes.subarray(0, place % bytes.length))).toThrow(MalformedError);
      }),
      runs,
    );
  });
});

describe('vectors and floors', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(vector, floors, (entries, marks) => {
        expect(decodeVector(encodeVector(entries))).toEqual(entries);
        expect(decodeFloors(encodeFloors(marks))).toEqual(marks);
      }),
      runs,
    );
  });

  it('have this layout', () => {
    const bytes = encodeVector([
      {
        origin,
        watermark: 10,
        intervals: [
          [12, 12],
          [100, 110],
        ],
      },
    ]);
    // One entry; watermark 10; two intervals: the first as near as can be and of one, then 86 and one further and of 11.
    expect(toHex(bytes)).toBe(`01${origin}0a02000040560a`);
    expect(toHex(encodeFloors([{ origin, seq: 5, hlc: 4096 }]))).toBe(`01${origin}055000`);
  });

  it.each([
    ['more entries than bytes', '05'],
    ['an origin twice', `02 ${origin} 01 00 ${origin} 02 00`],
    ['a watermark out of range', `01 ${origin} c001000000000000 00`],
    ['an interval out of range', `01 ${origin} 01 01 c001000000000000 00`],
    ['more intervals than are kept', `01 ${origin} 01 4041 ${'0000'.repeat(65)}`],
    ['bytes behind it', '00 00'],
  ])('refuse %s', (_, hex) => {
    expect(() => decodeVector(fromHex(hex))).toThrow(MalformedError);
  });

  it('cannot be encoded when intervals touch, overlap or go back', () => {
    for (const intervals of [
      [[11, 12]],
      [[15, 14]],
      [
        [15, 20],
        [21, 22],
      ],
      [
        [30, 31],
        [20, 21],
      ],
    ] as [number, number][][]) {
      expect(() => encodeVector([{ origin, watermark: 10, intervals }])).toThrow(RangeError);
    }
  });
});
