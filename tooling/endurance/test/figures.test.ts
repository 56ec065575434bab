import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from '../src/process/options.ts';
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

describe('options of the scripts', () => {
  const usage = {
    command: 'npm run x',
    about: '',
    numbers: { runs: { help: '', default: 3, least: 1, most: 9 } },
    words: { break: { help: '', of: ['a', 'b'] } },
  };

  it('are read, with defaults', () => {
    expect(parseOptions(['--runs', '4', '--break', 'b'], usage)).toEqual({
      numbers: { runs: 4 },
      words: { break: 'b' },
    });
    expect(parseOptions([], usage)).toEqual({ numbers: { runs: 3 }, words: {} });
    expect(parseOptions(['--help'], usage)).toBeUndefined();
  });

  it.each([
    [['--runs', '10']],
    [['--runs', 'x']],
    [['--runs', '1.5']],
    [['--run', '1']],
    [['--break', 'c']],
    [['more']],
  ])('are refused: %j', (argv) => {
    expect(() => parseOptions(argv, usage)).toThrow(UsageError);
  });
});
