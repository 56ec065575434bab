import { describe, expect, it } from 'vitest';
import { bufferCost } from '../../src/link/buffer-cost.ts';
import { CongestionControl } from '../../src/link/congestion.ts';
import type { SentPacket } from '../../src/link/sent-packets.ts';
import { defaultLinkSettings } from '../../src/link/settings.ts';
import { LinkHarness, requestIds } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

const mebibyte = 1_048_576;
/** Probe time-out of 100 ms, round-trip time known from the beginning. */
const known = { probeTimeoutMs: 100, firstSampleMs: 0 };

function packet(number: number, sentMs: number, forSize = false): SentPacket {
  const rest = { pieces: [], credit: false, acknowledged: -1, settled: false };
  return { number, ordinal: number, sentMs, bytes: 1200, cost: bufferCost(1200), forSize, ...rest };
}

function packets(count: number, sentMs = 0): SentPacket[] {
  return Array.from({ length: count }, (_, index) => packet(index, sentMs));
}

function control(bufferBytes = 8 * mebibyte, datagramBytes = 1200): CongestionControl {
  return new CongestionControl(defaultLinkSettings, datagramBytes, bufferBytes);
}

function send(congestion: CongestionControl, sent: readonly SentPacket[]): void {
  for (const each of sent) congestion.onSent(each);
}

/** A link with a window that is full of one long request; gives the numbers of what is in flight. */
function fullLink(): { readonly harness: LinkHarness; readonly numbers: readonly number[] } {
  const harness = new LinkHarness({ handshakeRttMs: 40 });
  harness.request(bytes(1_000_000));
  harness.flush();
  const numbers = harness.sent.map(({ number }) => number);
  harness.clear();
  return { harness, numbers };
}

describe('RFC 9002 §7.2: window at first and at least', () => {
  it('§7.2 begins with 10 datagrams, 14,720 bytes or the least window, whichever fits the size', () => {
    const windows = [1200, 1452, 1472, 8952, 16_000].map((size) => control(8 * mebibyte, size).windowBytes);
    expect(windows).toEqual([12_000, 14_520, 14_720, 35_808, 64_000]);
  });

  it('§7.2 is calculated anew when datagrams may be larger, and never shrinks by it', () => {
    const congestion = control();
    congestion.enlargeDatagrams(16_000);
    expect(congestion.windowBytes).toBe(64_000);
    const grown = control();
    for (let round = 0; round < 3; round++) for (const sent of packets(20)) grown.onAcknowledged(sent, true);
    const { windowBytes } = grown;
    grown.enlargeDatagrams(1452);
    expect(grown.windowBytes).toBe(windowBytes);
  });

  it('§7.2 is four datagrams at least, whatever their size', () => {
    for (const size of [1200, 16_000]) {
      const congestion = control(8 * mebibyte, size);
      for (let time = 1; time < 20; time++) congestion.onLost([packet(time, time * 100)], known, time * 100);
      expect(congestion.windowBytes).toBe(4 * size);
      expect(congestion.hasRoom).toBe(true);
    }
  });
});

describe('RFC 9002 §7.3.1: slow start', () => {
  it('§7.3.1 grows by what is acknowledged: doubles per round trip', () => {
    const congestion = control();
    send(congestion, packets(10));
    expect(congestion.hasRoom).toBe(false);
    for (const sent of packets(10)) congestion.onAcknowledged(sent, true);
    expect(congestion.windowBytes).toBe(24_000);
  });
});

describe('RFC 9002 §7.3.2: recovery', () => {
  it('§7.3.2 halves once for everything that was sent before the loss was seen', () => {
    const congestion = control();
    send(congestion, packets(10));
    expect(congestion.onLost([packet(0, 0)], known, 50)).toBe('recovery');
    expect(congestion.onLost([packet(1, 0), packet(2, 50)], known, 51)).toBe('none');
    expect(congestion.windowBytes).toBe(6000);
    expect(congestion.onLost([packet(3, 51)], known, 100)).toBe('recovery');
    expect(congestion.windowBytes).toBe(4800);
  });

  it('§7.3.2 does not grow by packets sent before the loss was seen', () => {
    const congestion = control();
    send(congestion, packets(10));
    congestion.onLost([packet(0, 0)], known, 50);
    congestion.onAcknowledged(packet(1, 49), true);
    congestion.onAcknowledged(packet(2, 50), true);
    expect(congestion.windowBytes).toBe(6000);
    congestion.onAcknowledged(packet(3, 51), true);
    expect(congestion.windowBytes).toBeGreaterThan(6000);
  });

  it('§7.3.2 sends one packet at once though the window is full, with what was lost', () => {
    const { harness, numbers } = fullLink();
    expect(numbers).toHaveLength(10);
    harness.nowMs = 40;
    const [lost] = numbers;
    harness.acknowledge(...numbers.slice(3, 4));
    // 9 in flight with a window of 5: only what was lost goes out.
    expect(harness.sent).toHaveLength(1);
    expect(harness.sent[0]?.frames).toMatchObject([{ type: 'message', offset: 0 }]);
    expect(lost).toBe(0);
  });
});

describe('RFC 9002 §7.3.3: congestion avoidance', () => {
  it('§7.3.3 grows by a datagram per window', () => {
    const congestion = control();
    send(congestion, packets(20));
    congestion.onLost([packet(0, 0)], known, 50);
    expect(congestion.windowBytes).toBe(6000);
    for (let index = 1; index <= 5; index++) congestion.onAcknowledged(packet(index, 60), true);
    expect(congestion.windowBytes).toBeGreaterThan(7000);
    expect(congestion.windowBytes).toBeLessThanOrEqual(7200);
  });
});

describe('RFC 9002 §7: what is in flight', () => {
  it('§7 never passes the window, but for probes', () => {
    const { harness, numbers } = fullLink();
    expect(numbers).toHaveLength(10);
    harness.advance(100);
    expect(harness.sent).toHaveLength(0);
  });

  it('§7 counts probes (§7.5): they are let through a full window and fill the next one', () => {
    const { harness, numbers } = fullLink();
    harness.advance(146);
    expect(harness.counters.probes).toBe(1);
    const probes = harness.sent.map(({ number }) => number);
    expect(probes).toHaveLength(2);
    harness.clear();
    // Half of the window is acknowledged: it grows to 17, of which the rest and the probes fill 5 and 2.
    harness.acknowledge(...numbers.slice(2, 7));
    expect(harness.sent.length).toBeLessThanOrEqual(17 - 5 - 2);
  });

  it('§7 does not count packets that elicit no acknowledgement, and lets them through', () => {
    const { harness } = fullLink();
    harness.link.datagram(bytes(100));
    harness.flush();
    harness.receive([{ type: 'ping' }], { acknowledgeNow: true });
    expect(harness.sent.flatMap(({ frames }) => frames.map(({ type }) => type))).toEqual(['datagram', 'ack']);
  });

  it('§7 holds credit back while the window is full', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40, settings: { receiveWindowBytes: 4000 } });
    harness.request(bytes(100_000));
    harness.flush();
    const numbers = harness.sent.map(({ number }) => number);
    harness.clear();
    const whole = bytes(5000);
    const part = whole.slice(0, 1100);
    harness.receive([{ type: 'message', kind: 'request', requestId: 0, offset: 0, totalBytes: 5000, payload: part }]);
    const credits = (): number =>
      harness.sent.filter(({ frames }) => frames.some(({ type }) => type === 'credit')).length;
    expect(credits()).toBe(0);
    harness.acknowledge(...numbers.slice(0, 2));
    expect(credits()).toBe(1);
  });

  it('§7 is at most what half of the receiver’s buffer takes on a short path, whatever the window', () => {
    const congestion = control(212_992);
    for (const sent of packets(1000)) {
      if (!congestion.hasRoom) break;
      congestion.onSent(sent);
      congestion.onAcknowledged(sent, true);
      congestion.onSent(sent);
    }
    expect(congestion.inFlightBytes / 1200).toBe(46);
  });

  it('§7 counts small packets at what they take of that buffer, which is far more than their bytes', () => {
    const congestion = control(212_992);
    for (let round = 0; round < 200; round++) congestion.onAcknowledged({ ...packet(round, 1), cost: 0 }, true);
    let small = 0;
    for (; congestion.hasRoom; small++) congestion.onSent({ ...packet(small, 1), bytes: 100, cost: bufferCost(100) });
    expect(small).toBeLessThanOrEqual(106_496 / 832);
    expect(small).toBeGreaterThan(120);
  });

  it('§7 may be more on a long path, of which a buffer holds only what comes within 10 ms', () => {
    const congestion = control(212_992);
    congestion.onRoundTrip(40);
    for (let round = 0; round < 200; round++) congestion.onAcknowledged(packet(round, 1), true);
    expect(Math.floor(congestion.windowBytes / 1200)).toBe(184);
  });

  it('§7 shrinks with the first loss, however far the buffer was below the window', () => {
    const congestion = control(212_992);
    for (let round = 0; round < 1000; round++) congestion.onAcknowledged(packet(round, 1), true);
    congestion.onLost([packet(2000, 10)], known, 20);
    expect(congestion.windowBytes / 1200).toBeLessThan(24);
  });
});

describe('RFC 9002 §7.6: persistent congestion', () => {
  const span = (firstMs: number, lastMs: number): SentPacket[] => [packet(0, firstMs), packet(1, lastMs)];

  it('§7.6.1 is declared when everything sent over more than 3 probe time-outs was lost', () => {
    const congestion = control();
    send(congestion, span(0, 301));
    expect(congestion.onLost(span(0, 301), known, 400)).toBe('persistent');
    expect(congestion.windowBytes).toBe(4800);
    const shorter = control();
    send(shorter, span(0, 300));
    expect(shorter.onLost(span(0, 300), known, 400)).toBe('recovery');
    expect(shorter.windowBytes).toBe(6000);
  });

  it('§7.6.2 is not when a packet between them was acknowledged', () => {
    const congestion = control();
    const around = [packet(0, 0), packet(2, 301)];
    send(congestion, around);
    expect(congestion.onLost(around, known, 400)).toBe('recovery');
  });

  it('§7.6.2 is not by packets sent before the round-trip time was measured first', () => {
    const congestion = control();
    send(congestion, span(0, 301));
    expect(congestion.onLost(span(0, 301), { ...known, firstSampleMs: 1 }, 400)).toBe('recovery');
    const unknown = control();
    send(unknown, span(0, 301));
    expect(unknown.onLost(span(0, 301), { ...known, firstSampleMs: Infinity }, 400)).toBe('recovery');
  });

  it('§7.6 ends the recovery, so that slow start begins with the next acknowledgement', () => {
    const congestion = control();
    send(congestion, [...span(0, 301), packet(2, 350)]);
    congestion.onLost(span(0, 301), known, 400);
    congestion.onAcknowledged(packet(2, 350), true);
    expect(congestion.windowBytes).toBe(6000);
  });

  it('§7.6 is seen by a link after a path was dead for long', () => {
    const { harness, numbers } = fullLink();
    while (harness.counters.probes < 5) harness.advance(10);
    const last = harness.sent.at(-1)?.number ?? -1;
    harness.clear();
    harness.advance(60);
    harness.acknowledge(last);
    expect(harness.counters.packetsLost).toBeGreaterThanOrEqual(numbers.length);
    // The other probe, the one packet that may always go, and what is left of a window of four.
    expect(harness.sent.length).toBeLessThanOrEqual(3);
    expect(harness.sent.length).toBeGreaterThan(0);
  });
});

describe('RFC 9002 §7.8: an under-utilised window', () => {
  it('§7.8 does not grow while the application holds back', () => {
    const congestion = control();
    send(congestion, packets(5));
    for (const sent of packets(5)) congestion.onAcknowledged(sent, false);
    expect(congestion.windowBytes).toBe(12_000);
  });

  it('§7.8 does not grow by requests that never fill it', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    for (let round = 0; round < 50; round++) {
      harness.request(bytes(1000));
      harness.flush();
      harness.advance(40);
      harness.acknowledge(harness.sent.at(-1)?.number ?? 0);
    }
    harness.clear();
    harness.request(bytes(1_000_000));
    harness.flush();
    expect(harness.sent).toHaveLength(10);
  });

  it('§7.8 grows by a window that was just full, though nothing more was waiting', () => {
    const harness = new LinkHarness({ handshakeRttMs: 40 });
    harness.request(bytes(11_500));
    harness.flush();
    expect(harness.sent).toHaveLength(10);
    harness.advance(40);
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    harness.clear();
    harness.request(bytes(1_000_000));
    harness.flush();
    harness.advance(39);
    expect(harness.sent.filter((sent) => requestIds(sent).includes(1)).length).toBe(19);
  });
});

describe('a probe for larger datagrams (RFC 9000 §14.4)', () => {
  it('§14.4 says nothing of congestion when it is lost', () => {
    const congestion = control();
    expect(congestion.onLost([packet(0, 0, true)], known, 50)).toBe('none');
    expect(congestion.windowBytes).toBe(12_000);
  });
});

describe('cost in the receiver’s buffer', () => {
  it('is what Linux charges', () => {
    expect([100, 1200, 8192, 16_000].map(bufferCost)).toEqual([832, 2304, 16_640, 16_640]);
  });
});
