import { describe, expect, it } from 'vitest';
import type { NodeId, Origin, StoredRecord } from '@simpledht/wire';
import { hash64 } from '../src/hash.ts';

const base: StoredRecord = {
  key: '\u0000user:1',
  value: Uint8Array.from({ length: 41 }, (_, index) => index * 7),
  hlc: 891_234_567_890_123,
  writer: '00112233445566778899aabbccddeeff' as NodeId,
  expiresAt: 0,
  origin: '00112233445566778899aabbccddeeff0011223344556677' as Origin,
  seq: 1,
};

function text(record: StoredRecord): string {
  const { high, low } = hash64(record);
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** A value of so many bytes, with one bit changed. */
function withValue(length: number, change?: number): StoredRecord {
  const value = Uint8Array.from({ length }, (_, index) => index);
  if (change !== undefined) value[change >> 3] = (value[change >> 3] ?? 0) ^ (1 << (change & 7));
  return { ...base, value };
}

describe('hash64', () => {
  it('is the same for ever: nodes compare sums of it', () => {
    expect(text(base)).toMatchInlineSnapshot(`"73a7c1cb9541bc32"`);
    expect(text({ ...base, value: null })).toMatchInlineSnapshot(`"54ca20a46747c87c"`);
    expect(text({ ...base, key: '\u0000ключ😀x', value: new Uint8Array([1, 2, 3]) })).toMatchInlineSnapshot(
      `"b4c9f33a47bdbfaa"`,
    );
  });

  it('leaves out the dot and the expiry', () => {
    expect(text({ ...base, origin: 'ff'.repeat(24) as Origin, seq: 9, expiresAt: 12 })).toBe(text(base));
  });

  it('does not depend on what was hashed before', () => {
    const alone = text(base);
    text({ ...base, writer: 'ff'.repeat(16) as NodeId });
    expect(text(base)).toBe(alone);
  });

  it('changes with every bit of the value, at every length around a stripe', () => {
    const seen = new Set<string>();
    let count = 0;
    for (const length of [1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 100]) {
      for (let change = 0; change < length * 8; change++, count++) seen.add(text(withValue(length, change)));
    }
    expect(seen.size).toBe(count);
  });

  it('changes half of its bits with any one bit, in both halves', () => {
    const { high, low } = hash64(withValue(100));
    for (let change = 0; change < 800; change++) {
      const other = hash64(withValue(100, change));
      expect(bits((high ^ other.high) >>> 0)).toBeGreaterThan(3);
      expect(bits((low ^ other.low) >>> 0)).toBeGreaterThan(3);
    }
  });

  it('tells every part and the order of words', () => {
    const swapped = Uint8Array.from({ length: 64 }, (_, index) => index >> 2);
    const records: StoredRecord[] = [
      base,
      { ...base, key: '\u0000user:2' },
      { ...base, key: '\u0000user:1\u0000' },
      { ...base, hlc: base.hlc + 1 },
      { ...base, hlc: base.hlc + 0x1_0000_0000 },
      { ...base, writer: 'ff'.repeat(16) as NodeId },
      { ...base, value: swapped },
      { ...base, value: swapped.slice().reverse() },
      { ...base, value: new Uint8Array(0) },
      { ...base, value: new Uint8Array(16) },
      { ...base, value: new Uint8Array(32) },
    ];
    expect(new Set(records.map(text)).size).toBe(records.length);
  });
});

function bits(word: number): number {
  return word.toString(2).replaceAll(/[^1]/g, '').length;
}
