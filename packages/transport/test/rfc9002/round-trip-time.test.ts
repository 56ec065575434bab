import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/index.ts';
import { Recovery } from '../../src/link/recovery.ts';
import { RoundTripTime } from '../../src/link/round-trip-time.ts';
import { defaultLinkSettings } from '../../src/link/settings.ts';
import { LinkHarness } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

/** What follows from `samples` of [measured, the peer says it waited], ms. */
function estimate(...samples: readonly (readonly [latestMs: number, ackDelayMs: number])[]): RoundTripTime {
  const rtt = new RoundTripTime(defaultLinkSettings);
  for (const [latestMs, ackDelayMs] of samples) rtt.sample(latestMs, ackDelayMs, 0);
  return rtt;
}

/** Sends a request at `nowMs` and gives its packet number. */
function send(harness: LinkHarness): number {
  harness.request(bytes(10));
  harness.flush();
  return harness.sent.at(-1)?.number ?? -1;
}

/** How long a packet that is sent now waits for its first probe: SRTT + 4 · RTTVAR + 25. */
function probedAfterMs(harness: LinkHarness): number {
  send(harness);
  const sentMs = harness.nowMs;
  harness.clear();
  harness.advance(10_000);
  return (harness.sent[0]?.atMs ?? Infinity) - sentMs;
}

describe('RFC 9002 §5.1: samples', () => {
  it('§5.1 are taken when the largest number acknowledged is newly acknowledged', () => {
    const harness = new LinkHarness();
    const number = send(harness);
    harness.advance(40);
    harness.acknowledge(number);
    expect(probedAfterMs(harness)).toBeCloseTo(40 + 4 * 20 + 25, 6);
  });

  it('§5.1 are not taken of a packet that is not the largest acknowledged: who waited for what is not known', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    const first = send(harness);
    const second = send(harness);
    harness.advance(40);
    harness.acknowledge(second);
    harness.advance(3);
    harness.acknowledge(first, second);
    // One more sample of 40 ms: RTTVAR 15.
    expect(probedAfterMs(harness)).toBeCloseTo(40 + 4 * 15 + 25, 6);
  });

  it('§5.1 are not taken twice of one packet', () => {
    const harness = new LinkHarness();
    const number = send(harness);
    harness.advance(40);
    harness.acknowledge(number);
    harness.advance(400);
    harness.acknowledge(number);
    expect(probedAfterMs(harness)).toBeCloseTo(145, 6);
  });

  it('§5.1 of a retransmission are of itself alone: its number is new', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    send(harness);
    harness.advance(145);
    const probe = harness.sent[1]?.number ?? -1;
    harness.advance(40);
    harness.acknowledge(probe);
    expect(probedAfterMs(harness)).toBeCloseTo(40 + 4 * 15 + 25, 6);
  });
});

describe('RFC 9002 §5.2: the least', () => {
  it('§5.2 is of all samples, the delay that the peer states left in', () => {
    expect(estimate([30, 20], [50, 0]).leastMs).toBe(30);
    expect(estimate([50, 0], [30, 20]).leastMs).toBe(30);
  });

  it('§5.2 is forgotten after persistent congestion', () => {
    const recovery = new Recovery(defaultLinkSettings, seededRandom(1), 1200, 212_992);
    const sent = (number: number, sentMs: number): void => {
      const what = { pieces: [], credit: false, acknowledged: -1, forSize: false, settled: false };
      recovery.onSent({ number, ordinal: number, sentMs, bytes: 1200, cost: 2304, ...what });
    };
    const acknowledge = (number: number, nowMs: number): void => {
      const ranges = [{ first: number, last: number }];
      recovery.onAck({ type: 'ack', delayMs: 0, ranges }, true, nowMs);
    };
    recovery.onHandshake(30, 0);
    for (const [number, sentMs] of [0, 1000, 2000, 3000, 4000].entries()) sent(number, sentMs);
    acknowledge(4, 4080);
    expect(recovery.congestion.windowBytes).toBe(4800);
    expect(recovery.rtt.leastMs).toBe(Infinity);
    sent(5, 4100);
    acknowledge(5, 4190);
    expect(recovery.rtt.leastMs).toBe(90);
  });
});

describe('RFC 9002 §5.3: smoothed and variation', () => {
  it('§5.3 begin with the first sample and half of it, whatever the peer says that it waited', () => {
    const rtt = estimate([40, 20]);
    expect([rtt.smoothedMs, rtt.variationMs]).toEqual([40, 20]);
  });

  it('§5.3 move by an eighth and by a quarter', () => {
    const rtt = estimate([40, 0], [80, 0]);
    expect([rtt.smoothedMs, rtt.variationMs]).toEqual([45, 0.75 * 20 + 0.25 * 40]);
  });

  it('§5.3 leave out what the peer waited', () => {
    expect(estimate([40, 0], [60, 20]).smoothedMs).toBe(40);
  });

  it('§5.3 believe no more than the longest delay of the protocol', () => {
    expect(estimate([40, 0], [1040, 1000]).smoothedMs).toBeCloseTo(40 + (1040 - 25 - 40) / 8, 6);
  });

  it('§5.3 ignore a delay that would bring the sample below the least', () => {
    expect(estimate([40, 0], [50, 20]).smoothedMs).toBe(41.25);
  });
});
