import { describe, expect, it } from 'vitest';
import type { SentPacket } from './support/link-harness.ts';
import { LinkHarness } from './support/link-harness.ts';
import { bytes } from './support/pair.ts';

/** Ids of the requests that a packet carries. */
function requests(packet: SentPacket | undefined): number[] {
  const frames = packet?.frames ?? [];
  return frames.flatMap((frame) => (frame.type === 'message' && frame.kind === 'request' ? [frame.requestId] : []));
}

describe('probe time-out (RFC 9002 §6.2)', () => {
  it('asks first after SRTT + 4·RTTVAR + max ack delay: 1,024 ms when nothing is known', () => {
    const harness = new LinkHarness();
    harness.request(bytes(10));
    harness.flush();
    harness.advance(1023);
    expect(harness.sent).toHaveLength(1);
    harness.advance(1.5);
    expect(harness.sent.map(({ atMs, number }) => [atMs, number])).toEqual([
      [0, 0],
      [1024, 1],
    ]);
    expect(requests(harness.sent[1])).toEqual([0]);
  });

  it('is 28 ms after a handshake of 1 ms', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(100);
    expect(harness.sent[1]?.atMs).toBe(28);
  });

  it('follows the round trips that it sees (§5.3)', () => {
    const harness = new LinkHarness();
    for (let round = 0; round < 2; round++) {
      harness.request(bytes(10));
      harness.flush();
      harness.advance(10);
      harness.acknowledge(harness.sent.at(-1)?.number ?? 0);
    }
    harness.request(bytes(10));
    harness.flush();
    const sentMs = harness.nowMs;
    harness.advance(1000);
    // SRTT 10, RTTVAR 5 after the first sample and 3.75 after the second, and 25.
    expect((harness.sent.find(({ atMs }) => atMs > sentMs)?.atMs ?? 0) - sentMs).toBeCloseTo(50, 6);
  });

  it('doubles, within ± 20 %, up to 5 s, and ends the link after 6 probes and 5 s', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const harness = new LinkHarness({ handshakeRttMs: 1, seed });
      harness.request(bytes(10));
      harness.flush();
      harness.advance(60_000);
      const probedMs = [...new Set(harness.sent.slice(0, -1).map(({ atMs }) => atMs))];
      const waitsMs = probedMs.slice(1).map((atMs, index) => atMs - (probedMs[index] ?? 0));
      waitsMs.forEach((waitMs, index) => {
        const nominalMs = Math.min(28 * 2 ** index, 5000);
        expect(waitMs).toBeGreaterThanOrEqual(index === 0 ? 28 : nominalMs * 0.8);
        expect(waitMs).toBeLessThanOrEqual(index === 0 ? 28 : Math.min(nominalMs * 1.2, 5000));
      });
      // 28 · (2^n - 1) passes 5 s with the 8th; jitter may make it the 7th or the 9th.
      expect(waitsMs.length).toBeGreaterThanOrEqual(7);
      expect(waitsMs.length).toBeLessThanOrEqual(9);
      expect(harness.effects).toEqual([{ type: 'down', reason: 'unreachable' }]);
      expect(harness.sent.at(-1)?.frames).toEqual([{ type: 'close', code: 4 }]);
      expect(harness.nowMs).toBe(60_000);
    }
  });

  it('differs from seed to seed', () => {
    const second = [1, 2, 3].map((seed) => {
      const harness = new LinkHarness({ handshakeRttMs: 1, seed });
      harness.request(bytes(10));
      harness.flush();
      harness.advance(200);
      return harness.sent[2]?.atMs;
    });
    expect(new Set(second).size).toBe(3);
  });

  it('sends one packet at first and two from the second on, past a full window too', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(100_000));
    harness.flush();
    const inWindow = harness.sent.length;
    expect(inWindow).toBe(10);
    harness.advance(28);
    expect(harness.sent).toHaveLength(inWindow + 1);
    expect(harness.sent.at(-1)?.acknowledgeNow).toBe(true);
    harness.advance(28 * 2 * 1.2);
    expect(harness.sent).toHaveLength(inWindow + 3);
  });

  it('is off when nothing is in flight, and starts over after an acknowledgement', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(90);
    const probes = harness.counters.probes;
    expect(probes).toBe(2);
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    harness.advance(1000);
    expect(harness.counters.probes).toBe(probes);
    harness.request(bytes(10));
    harness.flush();
    const atMs = harness.nowMs;
    harness.clear();
    harness.advance(10_000);
    // One backoff of its own, not the old one: the first wait is one probe time-out of the new estimate.
    expect((harness.sent[0]?.atMs ?? 0) - atMs).toBeLessThan(45);
  });

  it('does not end a link whose peer is heard', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    for (let second = 0; second < 30; second++) {
      harness.advance(1000);
      harness.receive([{ type: 'datagram', payload: bytes(1) }]);
    }
    expect(harness.effects.some(({ type }) => type === 'down')).toBe(false);
  });
});

describe('loss (RFC 9002 §6.1)', () => {
  function sentApart(count: number): LinkHarness {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    for (let index = 0; index < count; index++) {
      harness.request(bytes(10));
      harness.flush();
    }
    expect(harness.sent).toHaveLength(count);
    harness.clear();
    return harness;
  }

  it('is certain when a packet 3 younger is acknowledged, and not when 2', () => {
    const harness = sentApart(4);
    harness.nowMs = 10;
    harness.acknowledge(2);
    expect(harness.sent).toHaveLength(0);
    harness.acknowledge(3);
    expect(requests(harness.sent[0])).toEqual([0]);
    expect(harness.sent[0]?.number).toBe(4);
    expect(harness.counters.packetsLost).toBe(1);
  });

  it('is certain 9/8 of a round trip after it was sent when a younger one is acknowledged', () => {
    const harness = sentApart(2);
    harness.nowMs = 40;
    harness.acknowledge(1);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(44.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(45);
    expect(requests(harness.sent[0])).toEqual([0]);
  });

  it('waits 5 ms at least', () => {
    const harness = new LinkHarness({ handshakeRttMs: 0.1 });
    for (let index = 0; index < 2; index++) {
      harness.request(bytes(10));
      harness.flush();
    }
    harness.nowMs = 0.1;
    harness.acknowledge(1);
    harness.clear();
    harness.advanceTo(4.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(5);
    expect(harness.sent).toHaveLength(1);
  });

  it('sends what was lost in a new packet, once, and not what has arrived meanwhile', () => {
    const harness = sentApart(5);
    harness.nowMs = 10;
    harness.acknowledge(4);
    expect(harness.sent.flatMap(requests)).toEqual([0, 1]);
    const [again] = harness.sent;
    harness.clear();
    harness.acknowledge(2, 3, again?.number ?? 0);
    harness.advance(10_000);
    expect(harness.sent).toHaveLength(0);
  });

  it('ends the link when a packet is acknowledged that was never sent (RFC 9000 §13.1)', () => {
    const harness = sentApart(2);
    harness.acknowledge(2);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
    expect(harness.sent[0]?.frames).toContainEqual({ type: 'close', code: 1 });
  });
});
