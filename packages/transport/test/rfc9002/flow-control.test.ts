import { describe, expect, it } from 'vitest';
import { encode, fragment, LinkHarness } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

const whole = bytes(100_000);

/** Bytes of fragments that were sent for the first time. */
function fragmentBytes(harness: LinkHarness): number {
  const ends = harness.sent.flatMap(({ frames }) =>
    frames.map((frame) => (frame.type === 'message' ? frame.offset + frame.payload.length : 0)),
  );
  return Math.max(0, ...ends);
}

/** Takes everything that is in flight, until nothing more comes. */
function takeAll(harness: LinkHarness): void {
  for (let round = 0; round < 50; round++) {
    const numbers = harness.sent.map(({ number }) => number);
    harness.advance(1);
    harness.acknowledge(...numbers);
  }
}

describe('RFC 9000 §4.1: credit', () => {
  it('§4.1 bounds the fragments that are sent, and is spent but for less than a fragment is cut to', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, parameters: { receiveWindowBytes: 20_000 } });
    harness.request(whole);
    harness.flush();
    takeAll(harness);
    expect(fragmentBytes(harness)).toBeGreaterThan(20_000 - 256);
    expect(fragmentBytes(harness)).toBeLessThanOrEqual(20_000);
  });

  it('§4.1 is not needed for whole messages: they hold no memory of the receiver', () => {
    const harness = new LinkHarness({ parameters: { receiveWindowBytes: 0 } });
    harness.request(bytes(1000));
    harness.flush();
    expect(harness.sent).toHaveLength(1);
  });

  it('§4.1 goes on with what the peer grants, which never takes back', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, parameters: { receiveWindowBytes: 20_000 } });
    harness.request(whole);
    harness.flush();
    harness.receive([{ type: 'credit', maxBytes: 30_000 }]);
    harness.receive([{ type: 'credit', maxBytes: 25_000 }]);
    takeAll(harness);
    expect(fragmentBytes(harness)).toBeGreaterThan(30_000 - 256);
    expect(fragmentBytes(harness)).toBeLessThanOrEqual(30_000);
  });

  it('§4.1 is not needed to send again what was lost', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, parameters: { receiveWindowBytes: 5000 } });
    harness.request(whole);
    harness.flush();
    harness.clear();
    harness.advance(1);
    harness.acknowledge(4);
    expect(fragmentBytes(harness)).toBeGreaterThan(0);
  });

  it('§4.1 is granted anew when a quarter of the window has come, and again if that was lost', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1, settings: { receiveWindowBytes: 4000 } });
    const grants = (): number[] =>
      harness.sent.flatMap(({ frames }) =>
        frames.flatMap((frame) => (frame.type === 'credit' ? [frame.maxBytes] : [])),
      );
    harness.receive([fragment('request', 0, whole, 0, 999)]);
    expect(grants()).toEqual([]);
    harness.receive([fragment('request', 0, whole, 999, 1)]);
    expect(grants()).toEqual([5000]);
    const told = harness.sent.at(-1)?.number ?? 0;
    for (let number = 0; number < 3; number++) {
      harness.request(bytes(1));
      harness.flush();
    }
    harness.clear();
    harness.advance(1);
    harness.acknowledge(told + 3);
    expect(grants()).toEqual([5000]);
  });

  it('§4.1 ends the link of a peer that sends more than it was granted', () => {
    const harness = new LinkHarness({ settings: { receiveWindowBytes: 4000 } });
    for (let offset = 0; offset < 4000; offset += 500) {
      harness.receiveBytes(encode([fragment('request', 0, whole, offset, 500)], offset / 500));
    }
    expect(harness.effects).toEqual([]);
    harness.receiveBytes(encode([fragment('request', 0, whole, 4000, 500)], 8));
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
  });
});
