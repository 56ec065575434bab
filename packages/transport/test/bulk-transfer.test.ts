import { describe, expect, it } from 'vitest';
import { fairness, percentile, slowLine, transfer } from './support/bulk.ts';

const megabyte = 1_000_000;
const stockBufferBytes = 212_992;

/** What NewReno reaches with random loss: Mathis et al. 1997, with C of 1.22 for one acknowledgement per packet. */
function newRenoBytesPerSecond(loss: number, roundTripMs: number): number {
  return (1200 * 1.22 * 1000) / (roundTripMs * Math.sqrt(loss));
}

describe('a bulk transfer over 10 Mbit/s, beside small requests', () => {
  it('of 100 MB takes nine tenths of the line, and a small request waits for the queue of the line alone', async () => {
    const { bytesPerSecond, smallMs, network } = await transfer({
      delayMs: 20,
      bytes: 100 * megabyte,
      network: { bottleneck: slowLine },
    });
    expect(bytesPerSecond[0]).toBeGreaterThan(0.9 * slowLine.bytesPerSecond);
    // 40 ms for the round trip, 50 for the queue; a loss of its own costs one more.
    expect(percentile(smallMs, 0.99)).toBeLessThan(140);
    expect(network.queueDrops / network.datagrams).toBeLessThan(0.01);
  }, 60_000);

  it.each([
    { loss: 0.01, delayMs: 20, smallP99Ms: 150 },
    { loss: 0.1, delayMs: 20, smallP99Ms: 450 },
    { loss: 0.25, delayMs: 20, smallP99Ms: 3000 },
    { loss: 0.01, delayMs: 100, smallP99Ms: 700 },
    { loss: 0.1, delayMs: 100, smallP99Ms: 1500 },
    { loss: 0.25, delayMs: 100, smallP99Ms: 7000 },
  ])('2 MB arrive through $loss loss and $delayMs ms each way', async ({ loss, delayMs, smallP99Ms }) => {
    const { bytesPerSecond, smallMs } = await transfer({
      delayMs,
      loss,
      bytes: 2 * megabyte,
      network: { bottleneck: slowLine },
    });
    // Time-outs, which the formula leaves out, rule from a tenth on.
    const part = loss > 0.2 ? 0.25 : 0.6;
    expect(bytesPerSecond[0]).toBeGreaterThan(part * newRenoBytesPerSecond(loss, 2 * delayMs));
    expect(percentile(smallMs, 0.99)).toBeLessThan(smallP99Ms);
  });

  it('takes as much with a stock receive buffer and a receiver that looks every 10 ms, which drops nothing', async () => {
    const { bytesPerSecond, smallMs, network } = await transfer({
      delayMs: 20,
      bytes: 10 * megabyte,
      network: { bottleneck: slowLine, receiveBufferBytes: stockBufferBytes, readEveryMs: 10 },
    });
    expect(bytesPerSecond[0]).toBeGreaterThan(0.85 * slowLine.bytesPerSecond);
    expect(percentile(smallMs, 0.99)).toBeLessThan(160);
    expect(network.bufferDrops).toBe(0);
  });

  it('shares the line with another', async () => {
    const { bytesPerSecond, smallMs } = await transfer({
      delayMs: 20,
      bytes: 5 * megabyte,
      senders: 2,
      network: { bottleneck: slowLine },
    });
    expect(fairness(bytesPerSecond)).toBeGreaterThan(0.95);
    expect(percentile(smallMs, 0.99)).toBeLessThan(160);
  });
});

describe('a bulk transfer over a fast line', () => {
  it('of 100 MB in large datagrams arrives', async () => {
    const { bytesPerSecond } = await transfer({
      delayMs: 0.1,
      bytes: 100 * megabyte,
      requestBytes: megabyte,
      network: { loopback: true, bottleneck: { bytesPerSecond: 125 * megabyte, queueBytes: megabyte } },
    });
    expect(bytesPerSecond[0]).toBeGreaterThan(100 * megabyte);
  });

  it('of 20 MB into a stock buffer that is read every 2 ms: four links at once lose little', async () => {
    const { bytesPerSecond, network } = await transfer({
      delayMs: 0.1,
      bytes: 5 * megabyte,
      senders: 4,
      network: { receiveBufferBytes: stockBufferBytes, readEveryMs: 2 },
    });
    expect(fairness(bytesPerSecond)).toBeGreaterThan(0.9);
    expect(network.bufferDrops / network.datagrams).toBeLessThan(0.1);
  });
});
