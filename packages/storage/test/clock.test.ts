import { limits } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockAt, HybridClock, wallOf } from '../src/clock.ts';

const now = 1_767_225_600_000;
const aheadMs = 10_000;

describe('hybrid logical clock', () => {
  it('reads as time', () => {
    expect(wallOf(clockAt(now))).toBe(now);
    expect(clockAt(now + 1) - clockAt(now)).toBe(limits.clockCounters);
    expect(clockAt(0)).toBe(0);
    expect(Number.isSafeInteger(clockAt(Date.UTC(2089, 0)))).toBe(true);
  });

  it('is above all that it gave and above what it replaces, even when the wall clock steps back', () => {
    const step = fc.record({
      wall: fc.integer({ min: -4_000, max: 4_000 }),
      above: fc.option(fc.integer({ min: -99, max: 99 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new HybridClock(0, aheadMs);
        let last = 0;
        for (const { wall, above } of steps) {
          const existing = above === null ? 0 : Math.max(0, last + above);
          const next = clock.next(now + wall, existing);
          expect(next).toBeGreaterThan(last);
          expect(next).toBeGreaterThan(existing);
          expect(clock.ceiling).toBeGreaterThanOrEqual(next);
          last = next;
        }
      }),
    );
  });

  it('counts on within a millisecond and falls back to time', () => {
    const clock = new HybridClock(0, aheadMs);
    expect(clock.next(now, 0)).toBe(clockAt(now));
    expect(clock.next(now, 0)).toBe(clockAt(now) + 1);
    expect(clock.next(now - 5_000, 0)).toBe(clockAt(now) + 2);
    expect(clock.next(now + 1, 0)).toBe(clockAt(now + 1));
  });

  it('follows others, but not into the far future', () => {
    const clock = new HybridClock(0, aheadMs);
    expect(clock.observe(clockAt(now + aheadMs), now)).toBe(true);
    expect(clock.next(now, 0)).toBe(clockAt(now + aheadMs) + 1);
    expect(clock.observe(clockAt(now + 60_000), now)).toBe(false);
    expect(clock.next(now, 0)).toBe(clockAt(now + aheadMs) + 2);
  });

  it('places a write above a record of the far future, for that record alone', () => {
    const clock = new HybridClock(0, aheadMs);
    const far = clockAt(now + 3_600_000);
    expect(clock.next(now, far)).toBe(far + 1);
    expect(clock.next(now, 0)).toBe(clockAt(now) + 1);
    expect(clock.ceiling).toBeLessThan(far);
  });

  it('cannot be pushed over its end', () => {
    const clock = new HybridClock(0, aheadMs);
    expect(() => clock.next(now, limits.maxClock)).toThrow('largest version');
    expect(clock.next(now, limits.maxClock - 1)).toBe(limits.maxClock);
  });

  it('restored at its ceiling repeats nothing that it issued or reported', () => {
    const clock = new HybridClock(0, aheadMs);
    const issued = [clock.next(now, 0), clock.report(now + 3_000), clock.next(now + 9_000, 0)];
    const restored = new HybridClock(clock.ceiling, aheadMs);
    expect(restored.next(now, 0)).toBeGreaterThan(Math.max(...issued));
  });

  it('that leaps when it is restored has saved a ceiling before it reports where it is', () => {
    const restored = new HybridClock(clockAt(now), aheadMs, 500);
    expect(restored.ceiling).toBe(clockAt(now));
    expect(restored.report(now)).toBe(clockAt(now) + 500);
    expect(restored.ceiling).toBeGreaterThan(clockAt(now) + 500);
  });

  it('stays near the wall clock over quick restarts', () => {
    let clock = new HybridClock(0, aheadMs);
    for (let restart = 0; restart < 10; restart++) {
      const issued = clock.next(now + restart * 1_000, 0);
      expect(wallOf(issued) - (now + restart * 1_000)).toBeLessThanOrEqual(1_000);
      clock = new HybridClock(clock.ceiling, aheadMs);
    }
    for (let restart = 0; restart < 10; restart++) {
      clock.next(now + 10_000, 0);
      clock = new HybridClock(clock.ceiling, aheadMs);
    }
    expect(wallOf(clock.ceiling) - (now + 10_000)).toBeLessThanOrEqual(2_000);
  });

  it('reports what no later write will be at or below', () => {
    const clock = new HybridClock(0, aheadMs);
    const reported = clock.report(now);
    expect(clock.next(now - 1_000, 0)).toBeGreaterThan(reported);
  });
});
