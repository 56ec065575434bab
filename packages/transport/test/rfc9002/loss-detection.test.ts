import { describe, expect, it } from 'vitest';
import type { SentPacket } from '../support/link-harness.ts';
import { LinkHarness, requestIds as requests } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

/** `count` packets of one request each, sent at once. */
function sentApart(count: number, handshakeRttMs = 40): LinkHarness {
  const harness = new LinkHarness({ handshakeRttMs });
  for (let index = 0; index < count; index++) {
    harness.request(bytes(10));
    harness.flush();
  }
  expect(harness.sent).toHaveLength(count);
  harness.clear();
  return harness;
}

function all(packets: readonly SentPacket[]): number[] {
  return packets.flatMap(requests);
}

describe('RFC 9002 §6.1: loss', () => {
  it('§6.1 is never of a packet younger than the largest acknowledged', () => {
    const harness = sentApart(5);
    harness.nowMs = 39;
    harness.acknowledge(0);
    harness.advanceTo(100);
    expect(harness.sent).toHaveLength(0);
    expect(harness.counters.packetsLost).toBe(0);
  });

  it('§6.1 makes what was lost be sent again in a new packet, once, and not what has arrived meanwhile', () => {
    const harness = sentApart(5);
    harness.nowMs = 10;
    harness.acknowledge(4);
    expect(all(harness.sent)).toEqual([0, 1]);
    const [again] = harness.sent;
    harness.clear();
    harness.acknowledge(2, 3, again?.number ?? 0);
    harness.advance(10_000);
    expect(harness.sent).toHaveLength(0);
  });

  it('§6.1 that was none costs one packet more and nothing else: a late acknowledgement of it is taken', () => {
    const harness = sentApart(4);
    harness.nowMs = 10;
    harness.acknowledge(3);
    const again = harness.sent[0]?.number ?? -1;
    harness.clear();
    harness.acknowledge(0, 1, 2);
    harness.acknowledge(again);
    harness.advance(10_000);
    expect(harness.sent).toHaveLength(0);
    expect(harness.effects).toEqual([]);
  });
});

describe('RFC 9002 §6.1.1: packet threshold', () => {
  it('§6.1.1 is 3 packets: one that is 3 younger proves a loss, one that is 2 younger does not', () => {
    const harness = sentApart(4);
    harness.nowMs = 10;
    harness.acknowledge(2);
    expect(harness.sent).toHaveLength(0);
    harness.acknowledge(3);
    expect(requests(harness.sent[0])).toEqual([0]);
    expect(harness.sent[0]?.number).toBe(4);
    expect(harness.counters.packetsLost).toBe(1);
  });
});

describe('RFC 9002 §6.1.2: time threshold', () => {
  it('§6.1.2 is 9/8 of a round trip from when it was sent, once a younger one is acknowledged', () => {
    const harness = sentApart(2);
    harness.nowMs = 40;
    harness.acknowledge(1);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(44.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(45);
    expect(requests(harness.sent[0])).toEqual([0]);
  });

  it('§6.1.2 counts the latest round trip when it is above the smoothed one', () => {
    const harness = sentApart(2);
    harness.nowMs = 48;
    harness.acknowledge(1);
    // Smoothed 41, latest 48.
    harness.advanceTo(53.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(54);
    expect(requests(harness.sent[0])).toEqual([0]);
  });

  it('§6.1.2 counts the smoothed round trip when it is above the latest one', () => {
    const harness = sentApart(2);
    harness.nowMs = 8;
    harness.acknowledge(1);
    // Smoothed 36, latest 8.
    harness.advanceTo(40.4);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(40.5);
    expect(requests(harness.sent[0])).toEqual([0]);
  });

  it('§6.1.2 is 5 ms at least', () => {
    const harness = sentApart(2, 0.1);
    harness.nowMs = 0.1;
    harness.acknowledge(1);
    harness.advanceTo(4.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(5);
    expect(harness.sent).toHaveLength(1);
  });

  it('§6.1.2 is waited for packet by packet', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    for (const atMs of [0, 10, 20]) {
      harness.advanceTo(atMs);
      harness.request(bytes(10));
      harness.flush();
    }
    harness.clear();
    harness.advanceTo(40);
    harness.acknowledge(2);
    harness.advanceTo(200);
    // Smoothed 37.5.
    expect(harness.sent.slice(0, 2).map((packet) => [packet.atMs, ...requests(packet)])).toEqual([
      [42.1875, 0],
      [52.1875, 1],
    ]);
  });
});
