import { describe, expect, it } from 'vitest';
import { slopeOf } from '../src/run/figures.ts';

const minute = 60_000;
const megabyte = 1_048_576;

describe('the slope of memory', () => {
  it('is that of the line through the samples', () => {
    const points = Array.from({ length: 10 }, (_, at) => ({ ms: at * minute, bytes: (5 + at * 2) * megabyte }));
    const { perHour, error } = slopeOf(points);
    expect(perHour).toBeCloseTo(120);
    expect(error).toBeCloseTo(0);
  });

  it('has an error where samples go up and down, and none is known of two', () => {
    const points = Array.from({ length: 60 }, (_, at) => ({ ms: at * minute, bytes: (at % 2) * megabyte }));
    const { perHour, error } = slopeOf(points);
    expect(Math.abs(perHour)).toBeLessThan(2 * error);
    expect(slopeOf(points.slice(0, 2)).error).toBe(Infinity);
  });
});
