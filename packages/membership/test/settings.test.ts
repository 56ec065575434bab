import { describe, expect, it } from 'vitest';
import {
  contactSpreadMs,
  exchangePauseMs,
  presets,
  suspicionMs,
  transmitLimit,
  type MembershipPreset,
} from '@simpledht/membership';

describe('formulas, with the preset lan', () => {
  it.each([
    { size: 2, suspicion: 4000, transmissions: 4, exchange: 30_000, spread: 200 },
    { size: 3, suspicion: 4000, transmissions: 4, exchange: 30_000, spread: 200 },
    { size: 10, suspicion: 4000, transmissions: 8, exchange: 30_000, spread: 500 },
    { size: 33, suspicion: 6074, transmissions: 8, exchange: 60_000, spread: 1650 },
    { size: 100, suspicion: 8000, transmissions: 12, exchange: 90_000, spread: 5000 },
    { size: 1000, suspicion: 12_000, transmissions: 16, exchange: 180_000, spread: 50_000 },
  ])('$size nodes', ({ size, suspicion, transmissions, exchange, spread }) => {
    expect(suspicionMs(presets.lan, size)).toBeCloseTo(suspicion, 0);
    expect(transmitLimit(presets.lan, size)).toBe(transmissions);
    expect(exchangePauseMs(presets.lan, size)).toBe(exchange);
    expect(contactSpreadMs(size)).toBe(spread);
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
