import { describe, expect, it } from 'vitest';
import { LinkHarness } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

function sizes(harness: LinkHarness): number[] {
  return harness.sent.map((sent) => sent.bytes);
}

/** A link that would take 16,000 bytes, and has sent a long request's first window. */
function loopbackLink(): LinkHarness {
  const harness = new LinkHarness({ handshakeRttMs: 1, datagramBytes: 16_000 });
  harness.request(bytes(1_000_000));
  harness.flush();
  return harness;
}

describe('RFC 9000 §14: datagram size', () => {
  it('§14.3 is tried once there is more to send than one takes: with a packet that carries nothing else', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, datagramBytes: 16_000 });
    harness.request(bytes(1000));
    harness.flush();
    expect(harness.sent).toHaveLength(1);
    harness.clear();
    harness.request(bytes(1_000_000));
    harness.flush();
    expect(sizes(harness).at(-1)).toBe(16_000);
    expect(harness.sent.at(-1)?.frames).toEqual([{ type: 'ping' }]);
    expect(Math.max(...sizes(harness).slice(0, -1))).toBeLessThanOrEqual(1200);
  });

  it('§14.3 is used when the probe has arrived', () => {
    const harness = loopbackLink();
    const numbers = harness.sent.map(({ number }) => number);
    harness.clear();
    harness.advance(1);
    harness.acknowledge(...numbers);
    expect(Math.min(...sizes(harness))).toBeGreaterThan(15_900);
    expect(sizes(harness).length).toBeGreaterThan(1);
  });

  it('§14.4 is left alone by a path that swallows large datagrams, which costs three of them and not the link', () => {
    const harness = loopbackLink();
    const seen = new Set<number>();
    const lost: number[] = [];
    for (let round = 0; round < 200; round++) {
      harness.advance(1);
      const small = harness.sent.filter((sent) => !seen.has(sent.number) && sent.bytes <= 1200);
      lost.push(
        ...harness.sent.filter((sent) => !seen.has(sent.number) && sent.bytes > 1200).map((sent) => sent.bytes),
      );
      for (const sent of harness.sent) seen.add(sent.number);
      if (small.length > 0) harness.acknowledge(...small.map(({ number }) => number));
    }
    expect(lost).toEqual([16_000, 16_000, 16_000]);
    expect(harness.effects).toEqual([]);
    // All of the request has left.
    expect(seen.size).toBeGreaterThan(1_000_000 / 1200);
  });

  it('§14.4 does not hold up the rest: a probe is not counted as in flight', () => {
    const harness = loopbackLink();
    const [first = -1, second = -1] = harness.sent.map(({ number }) => number);
    harness.clear();
    harness.advance(1);
    harness.acknowledge(first, second);
    // The window grew by the two, and they are gone from it.
    expect(harness.sent).toHaveLength(4);
  });

  it('§14.1 is what the peer takes when that is less than 1,200', () => {
    const harness = new LinkHarness({ datagramBytes: 512 });
    harness.request(bytes(3000));
    harness.flush();
    expect(Math.max(...sizes(harness))).toBeLessThanOrEqual(512);
  });
});
