import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32, crc32ByTable } from '../src/crc32.ts';

it('CRC-32 is that of ISO 3309', () => {
  const digits = new TextEncoder().encode('123456789');
  expect([crc32(digits), crc32ByTable(digits), crc32ByTable(new Uint8Array())]).toEqual([0xcbf43926, 0xcbf43926, 0]);
});

it('CRC-32 by table is the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      expect(crc32ByTable(bytes)).toBe(crc32(bytes));
    }),
  );
});
