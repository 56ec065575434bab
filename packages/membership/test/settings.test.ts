import { describe, expect, it } from 'vitest';
import {
  confirmationsNeeded,
  contactSpreadMs,
  exchangePauseMs,
  presets,
  reunionPauseMs,
  suspicionMs,
  suspicionTimeoutMs,
  transmitLimit,
  type MembershipPreset,
} from '@simpledht/membership';

describe('formulas, with the preset lan', () => {
  it.each([
    { size: 2, suspicion: 4000, transmissions: 4, exchange: 30_000, spread: 200, reunion: 2000 },
    { size: 3, suspicion: 4000, transmissions: 4, exchange: 30_000, spread: 200, reunion: 2000 },
    { size: 10, suspicion: 4000, transmissions: 8, exchange: 30_000, spread: 500, reunion: 2000 },
    { size: 33, suspicion: 6074, transmissions: 8, exchange: 60_000, spread: 1650, reunion: 2000 },
    { size: 100, suspicion: 8000, transmissions: 12, exchange: 90_000, spread: 5000, reunion: 5000 },
    { size: 1000, suspicion: 12_000, transmissions: 16, exchange: 180_000, spread: 50_000, reunion: 50_000 },
  ])('$size nodes', ({ size, suspicion, transmissions, exchange, spread, reunion }) => {
    expect(suspicionMs(presets.lan, size)).toBeCloseTo(suspicion, 0);
    expect(transmitLimit(presets.lan, size)).toBe(transmissions);
    expect(exchangePauseMs(presets.lan, size)).toBe(exchange);
    expect(contactSpreadMs(size)).toBe(spread);
    expect(reunionPauseMs(presets.lan, size)).toBe(reunion);
  });
});

describe('a suspicion: max(Min, Max − (Max − Min) · log(C + 1) / log(K + 1)) (Lifeguard §IV-B)', () => {
  it.each([
    // Nobody beside this node and the suspect, or too few for K: the minimum at once (memberlist suspectNode).
    { preset: 'lan', size: 2, needed: 0, lastsMs: [4000] },
    { preset: 'lan', size: 3, needed: 0, lastsMs: [4000] },
    { preset: 'lan', size: 4, needed: 2, lastsMs: [24_000, 11_381, 4000, 4000] },
    { preset: 'lan', size: 10, needed: 2, lastsMs: [24_000, 11_381, 4000] },
    { preset: 'lan', size: 100, needed: 2, lastsMs: [48_000, 22_763, 8000] },
    { preset: 'local', size: 10, needed: 1, lastsMs: [18_000, 3000, 3000] },
    { preset: 'wan', size: 5, needed: 0, lastsMs: [30_000] },
    { preset: 'wan', size: 10, needed: 4, lastsMs: [180_000, 115_399, 77_609, 50_797, 30_000] },
  ] as const)('$preset, $size nodes: $lastsMs ms with 0, 1, … confirmations', ({ preset, size, needed, lastsMs }) => {
    const settings = presets[preset];
    expect(confirmationsNeeded(settings, size)).toBe(needed);
    const actual = lastsMs.map((_, confirmations) => Math.round(suspicionTimeoutMs(settings, size, confirmations)));
    expect(actual).toEqual(lastsMs);
  });
});

describe.each<MembershipPreset>(['local', 'lan', 'wan'])('preset %s', (name) => {
  const settings = presets[name];

  it('leaves others the time to answer for a member that does not', () => {
    expect(2 * settings.probeTimeoutMs).toBeLessThanOrEqual(1.2 * settings.probeIntervalMs);
  });

  it('gives up the attempts of a bootstrap within 20 s', () => {
    const { bootstrapAttempts, exchangeTimeoutMs, bootstrapBackoffMs } = settings;
    const pausesMs = bootstrapBackoffMs * (2 ** (bootstrapAttempts - 1) - 1);
    expect(bootstrapAttempts * exchangeTimeoutMs + pausesMs).toBeLessThanOrEqual(20_000);
  });

  it('dials the dead often enough to heal within 60 s', () => {
    expect(settings.redialMaxMs + settings.exchangeTimeoutMs).toBeLessThanOrEqual(60_000);
  });
});
