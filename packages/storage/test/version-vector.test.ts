import { limits } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OriginCover, type Span } from '../src/origin-cover.ts';
import { VersionVector } from '../src/version-vector.ts';
import { originOf } from './records.ts';

const anySpan: fc.Arbitrary<Span> = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 12 }))
  .map(([from, length]) => ({ from, to: from + length }));
const spans = fc.array(anySpan, { maxLength: 20 });

function coverOf(all: readonly Span[]): OriginCover {
  const cover = new OriginCover();
  for (const span of all) cover.cover(span);
  return cover;
}

function setOf(all: readonly Span[]): Set<number> {
  const numbers = new Set<number>();
  for (const { from, to } of all) for (let seq = from + 1; seq <= to; seq++) numbers.add(seq);
  return numbers;
}

describe('cover of one origin', () => {
  it('covers what a plain set of numbers would hold', () => {
    fc.assert(
      fc.property(spans, (all) => {
        const cover = coverOf(all);
        const set = setOf(all);
        for (let seq = 1; seq <= 80; seq++) expect(cover.covers(seq)).toBe(set.has(seq));
        let watermark = 0;
        while (set.has(watermark + 1)) watermark += 1;
        expect(cover.watermark).toBe(watermark);
        expect(cover.top).toBe(Math.max(0, ...set));
      }),
    );
  });

  it('keeps intervals ascending, apart, and above the watermark', () => {
    fc.assert(
      fc.property(spans, (all) => {
        const cover = coverOf(all);
        let end = cover.watermark;
        for (const [first, last] of cover.intervals()) {
          expect(first).toBeGreaterThan(end + 1);
          expect(last).toBeGreaterThanOrEqual(first);
          end = last;
        }
      }),
    );
  });

  it('names what another lacks, gap by gap, and nothing else', () => {
    fc.assert(
      fc.property(spans, spans, (mine, theirs) => {
        const [cover, other] = [coverOf(mine), coverOf(theirs)];
        const lacked: Span[] = [];
        let span = cover.firstLackedBy(other);
        while (span !== undefined) {
          lacked.push(span);
          span = cover.firstLackedBy(other, span.to);
        }
        const has = setOf(theirs);
        expect([...setOf(lacked)]).toEqual([...setOf(mine)].filter((seq) => !has.has(seq)).sort((a, b) => a - b));
      }),
    );
  });

  it('advances only from at or below the watermark; what is beyond becomes an interval', () => {
    const cover = coverOf([{ from: 0, to: 5 }]);
    cover.cover({ from: 7, to: 9 });
    expect([cover.watermark, cover.intervals()]).toEqual([5, [[8, 9]]]);
    cover.cover({ from: 3, to: 7 });
    expect([cover.watermark, cover.intervals()]).toEqual([9, []]);
  });

  it('refuses one interval too many and nothing else', () => {
    const cover = new OriginCover();
    for (let index = 1; index <= limits.maxIntervals; index++)
      expect(cover.cover({ from: index * 10, to: index * 10 + 1 })).toBe(true);
    expect(cover.cover({ from: 5_000, to: 5_001 })).toBe(false);
    expect(cover.admits({ from: 5_000, to: 5_001 })).toBe(false);
    expect(cover.covers(5_001)).toBe(false);
    expect(cover.cover({ from: 11, to: 12 })).toBe(true);
    expect(cover.cover({ from: 0, to: 30 })).toBe(true);
    expect(cover.cover({ from: 5_000, to: 5_001 })).toBe(true);
  });
});

describe('version vector', () => {
  it('the minimum of two is what both cover', () => {
    const a = VersionVector.from([
      { origin: originOf(1), watermark: 5, intervals: [[8, 9]] },
      { origin: originOf(2), watermark: 3, intervals: [] },
    ]);
    const b = VersionVector.from([{ origin: originOf(1), watermark: 3, intervals: [[5, 8]] }]);
    const shared = [
      [5, 5],
      [8, 8],
    ];
    expect(a.minimum(b).entries()).toEqual([{ origin: originOf(1), watermark: 3, intervals: shared }]);
  });

  it('takes entries in any shape and puts them in order', () => {
    const vector = VersionVector.from([
      {
        origin: originOf(1),
        watermark: 2,
        intervals: [
          [9, 9],
          [3, 4],
          [8, 8],
        ],
      },
    ]);
    expect(vector.entries()).toEqual([{ origin: originOf(1), watermark: 4, intervals: [[8, 9]] }]);
  });

  it('has room for a bounded number of origins', () => {
    const vector = new VersionVector({ maxOrigins: 2, maxIntervals: 4 });
    const taken = [1, 2, 3].map((index) => vector.cover(originOf(index), { from: 0, to: 1 }));
    expect(taken).toEqual([true, true, false]);
    expect(vector.admits(originOf(3), { from: 0, to: 1 })).toBe(false);
  });

  it('includes and equals by what is covered', () => {
    const more = VersionVector.from([{ origin: originOf(1), watermark: 9, intervals: [] }]);
    const less = VersionVector.from([{ origin: originOf(1), watermark: 3, intervals: [[5, 9]] }]);
    expect([more.includes(less), less.includes(more), more.equals(less), less.equals(less)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
