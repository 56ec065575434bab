import { describe, expect, it } from 'vitest';
import { bufferCost } from '../src/link/buffer-cost.ts';
import { CongestionControl } from '../src/link/congestion.ts';
import { Pacer } from '../src/link/pacer.ts';
import type { SentPacket } from '../src/link/sent-packets.ts';
import { defaultLinkSettings } from '../src/link/settings.ts';

const mebibyte = 1_048_576;

function packet(number: number, sentMs: number): SentPacket {
  const rest = { pieces: [], credit: false, acknowledged: -1, settled: false };
  return { number, ordinal: number, sentMs, bytes: 1200, cost: bufferCost(1200), ...rest };
}

function control(bufferBytes = 8 * mebibyte): CongestionControl {
  return new CongestionControl(defaultLinkSettings, 1200, bufferBytes);
}

function send(congestion: CongestionControl, packets: readonly SentPacket[]): void {
  for (const sent of packets) congestion.onSent(sent);
}

const packets = (count: number, sentMs = 0): SentPacket[] =>
  Array.from({ length: count }, (_, index) => packet(index, sentMs));

describe('NewReno (RFC 9002 §7)', () => {
  it('begins with 10 datagrams and doubles per round trip while the window is used up', () => {
    const congestion = control();
    send(congestion, packets(10));
    expect(congestion.hasRoom).toBe(false);
    for (const sent of packets(10)) congestion.onAcknowledged(sent, true);
    expect(congestion.windowBytes).toBe(24_000);
  });

  it('does not grow while the application holds back (§7.8)', () => {
    const congestion = control();
    send(congestion, packets(10));
    for (const sent of packets(10)) congestion.onAcknowledged(sent, false);
    expect(congestion.windowBytes).toBe(12_000);
  });

  it('halves once per round trip, grows by a datagram per window after that, and keeps two (§7.3)', () => {
    const congestion = control();
    send(congestion, packets(10));
    congestion.onLost([packet(0, 0)], 100, 50);
    congestion.onLost([packet(1, 0)], 100, 51);
    expect(congestion.windowBytes).toBe(6000);
    for (let index = 2; index < 7; index++) congestion.onAcknowledged(packet(index, 60), true);
    expect(congestion.windowBytes).toBeCloseTo(7200, -3);
    for (let time = 0; time < 10; time++) congestion.onLost([packet(0, 100 + time * 100)], 100, 100 + time * 100);
    expect(congestion.windowBytes).toBe(2400);
  });

  it('does not grow by packets sent before the loss (§7.3.2)', () => {
    const congestion = control();
    send(congestion, packets(10));
    congestion.onLost([packet(0, 0)], 100, 50);
    congestion.onAcknowledged(packet(1, 49), true);
    expect(congestion.windowBytes).toBe(6000);
  });

  it('falls to two datagrams when everything over 3 probe time-outs was lost (§7.6)', () => {
    const congestion = control();
    send(congestion, [packet(0, 0), packet(1, 301)]);
    congestion.onLost([packet(0, 0), packet(1, 301)], 100, 400);
    expect(congestion.windowBytes).toBe(2400);
    const withAcknowledged = control();
    send(withAcknowledged, [packet(0, 0), packet(2, 301)]);
    withAcknowledged.onLost([packet(0, 0), packet(2, 301)], 100, 400);
    expect(withAcknowledged.windowBytes).toBe(6000);
  });

  it('never has more in flight than half of the receiver’s buffer takes, whatever the window', () => {
    const congestion = control(212_992);
    for (const sent of packets(1000)) {
      if (!congestion.hasRoom) break;
      congestion.onSent(sent);
      congestion.onAcknowledged(sent, true);
      congestion.onSent(sent);
    }
    expect(congestion.inFlightBytes / 1200).toBeLessThanOrEqual(46);
    expect(congestion.inFlightBytes / 1200).toBeGreaterThan(10);
  });
});

describe('pacing (RFC 9002 §7.7)', () => {
  it('lets a burst through that a quarter of the buffer takes, shared by the links', () => {
    for (const [links, burst] of [
      [1, 910],
      [4, 227],
      [1000, 10],
    ] as const) {
      const pacer = new Pacer(1200, 8 * mebibyte);
      pacer.refill(0, 1e9, 1, links);
      let sent = 0;
      for (; pacer.maySend; sent++) pacer.onSent(bufferCost(1200));
      expect(sent).toBe(burst);
    }
  });

  it('fills at 1.25 windows per round trip', () => {
    const pacer = new Pacer(1200, 0);
    const windowCost = 10 * bufferCost(1200);
    pacer.refill(0, windowCost, 100, 1);
    while (pacer.maySend) pacer.onSent(bufferCost(1200));
    expect(pacer.readyMs(windowCost, 100)).toBeCloseTo(8, 6);
    pacer.refill(pacer.readyMs(windowCost, 100), windowCost, 100, 1);
    expect(pacer.maySend).toBe(true);
  });
});

describe('cost in the receiver’s buffer', () => {
  it('is what Linux charges', () => {
    expect([100, 1200, 8192, 16_000].map(bufferCost)).toEqual([832, 2304, 16_640, 16_640]);
  });
});
