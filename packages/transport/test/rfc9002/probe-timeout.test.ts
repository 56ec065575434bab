import { describe, expect, it } from 'vitest';
import { LinkHarness, requestIds as requests } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

describe('RFC 9002 §6.2: probe time-out', () => {
  it('§6.2.1, §6.2.2 asks first after SRTT + 4 · RTTVAR + max ack delay: 1,024 ms when nothing is known', () => {
    const harness = new LinkHarness();
    harness.request(bytes(10));
    harness.flush();
    harness.advance(1023);
    expect(harness.sent).toHaveLength(1);
    harness.advance(1.5);
    expect(harness.sent.map(({ atMs, number }) => [atMs, number])).toEqual([
      [0, 0],
      [1024, 1],
      [1024, 2],
    ]);
  });

  it('§6.2.1 is 28 ms after a handshake of 1 ms', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(100);
    expect(harness.sent[1]?.atMs).toBe(28);
  });

  it('§6.2.1 follows the round trips that it sees', () => {
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

  it('§6.2.1 doubles, within ± 20 %, up to 5 s, and ends the link after 6 probes and 5 s', () => {
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

  it('§6.2.1 is 5 s at most, backed off or not', () => {
    for (const [handshakeRttMs, waitsMs] of [
      [1500, [4525, 5000, 5000]],
      [9000, [5000, 5000, 5000]],
    ] as const) {
      const harness = new LinkHarness({ handshakeRttMs });
      harness.request(bytes(10));
      harness.flush();
      harness.advance(15_000);
      const probedMs = [...new Set(harness.sent.map(({ atMs }) => atMs))];
      expect(probedMs.slice(1).map((atMs, index) => atMs - (probedMs[index] ?? 0))).toEqual(waitsMs);
    }
  });

  it('§6.2.1 differs from seed to seed', () => {
    const second = [1, 2, 3].map((seed) => {
      const harness = new LinkHarness({ handshakeRttMs: 1, seed });
      harness.request(bytes(10));
      harness.flush();
      harness.advance(200);
      return harness.sent[3]?.atMs;
    });
    expect(new Set(second).size).toBe(3);
  });

  it('§6.2.1 counts from the packet sent last', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(20);
    harness.request(bytes(10));
    harness.flush();
    harness.advance(100);
    expect(harness.sent[2]?.atMs).toBe(48);
  });

  it('§6.2.1 does not run while a loss is waited for by time (§6.1.2)', () => {
    const harness = new LinkHarness({ handshakeRttMs: 400 });
    const send = (): void => {
      harness.request(bytes(10));
      harness.flush();
    };
    // Until the variation is next to nothing: then 9/8 of a round trip are longer than a probe time-out.
    for (let round = 0; round < 30; round++) {
      send();
      harness.advance(400);
      harness.acknowledge(harness.sent.at(-1)?.number ?? 0);
    }
    const startMs = harness.nowMs;
    harness.clear();
    send();
    send();
    harness.advance(400);
    harness.acknowledge(harness.sent[1]?.number ?? 0);
    harness.clear();
    harness.advance(51);
    expect(harness.sent.map((packet) => [packet.atMs - startMs, ...requests(packet)])).toEqual([[450, 30]]);
    expect(harness.counters.probes).toBe(0);
  });

  it('§6.2.4 sends two packets, past a full window too: the oldest ones again', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(100_000));
    harness.flush();
    const inWindow = harness.sent;
    expect(inWindow).toHaveLength(10);
    harness.clear();
    harness.advance(28);
    expect(harness.sent.map(({ frames }) => frames)).toEqual(inWindow.slice(0, 2).map(({ frames }) => frames));
    expect(harness.sent.every(({ acknowledgeNow }) => acknowledgeNow)).toBe(true);
    harness.advance(28 * 2 * 1.2);
    expect(harness.sent).toHaveLength(4);
  });

  it('§6.2.4 sends the only packet twice: one may get through', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(28);
    expect(harness.sent.map(requests)).toEqual([[0], [0], [0]]);
    expect(harness.sent.map(({ acknowledgeNow }) => acknowledgeNow)).toEqual([false, true, true]);
  });

  it('§6.2.4 sends pings when there is nothing to repeat', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, settings: { keepaliveMs: 1000 } });
    harness.advance(1200);
    expect(harness.sent.length).toBeGreaterThan(2);
    expect(harness.sent.every(({ frames }) => frames.every(({ type }) => type === 'ping'))).toBe(true);
  });

  it('§6.2.4 takes nothing for lost: an acknowledgement of the first transmission still counts', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(28);
    expect(harness.counters.packetsLost).toBe(0);
    harness.acknowledge(0);
    harness.clear();
    harness.advance(10_000);
    // What is left are the two probes, which carry nothing that is missing.
    expect(harness.sent.flatMap(requests)).toEqual([]);
  });

  it('§6.2.1 starts over with an acknowledgement of something new, and with no other', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.request(bytes(10));
    harness.flush();
    harness.advance(1);
    harness.acknowledge(0);
    harness.request(bytes(10));
    harness.flush();
    harness.clear();
    harness.advance(200);
    const probesBefore = harness.counters.probes;
    expect(probesBefore).toBe(3);
    harness.acknowledge(0);
    harness.advance(30);
    // Had the old acknowledgement reset the backoff, a probe would have come at once.
    expect(harness.counters.probes).toBe(probesBefore);
  });

  it('§6.2.1 is off when nothing is in flight, and starts over after an acknowledgement', () => {
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
