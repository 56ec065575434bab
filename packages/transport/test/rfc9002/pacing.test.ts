import { describe, expect, it } from 'vitest';
import { bufferCost } from '../../src/link/buffer-cost.ts';
import { Pacer } from '../../src/link/pacer.ts';
import { LinkHarness } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

const mebibyte = 1_048_576;
const datagramCost = bufferCost(1200);

/** Full datagrams that go out in one go. */
function burst(pacer: Pacer): number {
  let sent = 0;
  for (; pacer.maySend; sent++) pacer.onSent(datagramCost);
  return sent;
}

describe('RFC 9002 §7.7: pacing', () => {
  it('§7.7 fills at 1.25 windows per round trip', () => {
    const pacer = new Pacer(1200, 0);
    const windowCost = 10 * datagramCost;
    pacer.refill(0, windowCost, 100, 1);
    burst(pacer);
    expect(pacer.readyMs(windowCost, 100)).toBeCloseTo(8, 6);
    pacer.refill(pacer.readyMs(windowCost, 100), windowCost, 100, 1);
    expect(burst(pacer)).toBe(1);
  });

  it('§7.7 lets a burst of the initial window through, and more only to make up for 4 ms', () => {
    for (const [windowDatagrams, smoothedRttMs, expected] of [
      [20, 100, 10],
      [100, 40, 12],
      [1000, 40, 125],
    ] as const) {
      const pacer = new Pacer(1200, 8 * mebibyte);
      pacer.refill(1000, windowDatagrams * datagramCost, smoothedRttMs, 1);
      expect(burst(pacer)).toBe(expected);
    }
  });

  it('§7.7 holds a burst to a quarter of the receiver’s buffer, shared by the links', () => {
    for (const [links, expected] of [
      [1, 910],
      [4, 227],
      [1000, 10],
    ] as const) {
      const pacer = new Pacer(1200, 8 * mebibyte);
      pacer.refill(1000, 1e9, 1, links);
      expect(burst(pacer)).toBe(expected);
    }
  });

  it('§7.7 spreads a window of a link over the round trip', () => {
    const harness = new LinkHarness({ handshakeRttMs: 100 });
    harness.request(bytes(1_000_000));
    harness.flush();
    for (let round = 0; round < 2; round++) {
      const numbers = harness.sent.map(({ number }) => number);
      harness.clear();
      harness.advance(100);
      harness.acknowledge(...numbers);
    }
    // A window of 30, of which 10 are in flight and 10 went at once; the others come one by one.
    const startMs = harness.nowMs;
    harness.clear();
    harness.advance(60);
    const atMs = harness.sent.map((sent) => sent.atMs - startMs);
    expect(new Set(atMs).size).toBe(atMs.length);
    const gapsMs = atMs.slice(1).map((each, index) => each - (atMs[index] ?? 0));
    for (const gapMs of gapsMs) expect(gapMs).toBeCloseTo(100 / (1.25 * 30), 1);
    expect(atMs).toHaveLength(10);
  });

  it('§7.7 does not hold back packets that only acknowledge', () => {
    const harness = new LinkHarness({ handshakeRttMs: 100 });
    harness.request(bytes(1_000_000));
    harness.flush();
    harness.clear();
    harness.receive([{ type: 'ping' }], { acknowledgeNow: true });
    expect(harness.sent.map(({ frames }) => frames.map(({ type }) => type))).toEqual([['ack']]);
  });
});
