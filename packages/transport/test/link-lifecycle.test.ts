import { describe, expect, it } from 'vitest';
import { encode, LinkHarness, message } from './support/link-harness.ts';
import { bytes } from './support/pair.ts';

describe('an idle link', () => {
  it('is silent, and ends after 120 s', () => {
    const harness = new LinkHarness();
    harness.advanceTo(119_999);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(120_000);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'idle' }]);
    expect(harness.sent[0]?.frames).toEqual([{ type: 'close', code: 4 }]);
    expect(harness.link.deadline()).toBeUndefined();
  });

  it('asks for a sign of life while a reply is awaited', () => {
    const harness = new LinkHarness();
    harness.request(bytes(1));
    harness.flush();
    harness.acknowledge(0);
    harness.clear();
    harness.advanceTo(60_000);
    expect(harness.sent.map(({ frames }) => frames)).toEqual([[{ type: 'ping' }]]);
    harness.acknowledge(1);
    harness.advanceTo(125_000);
    expect(harness.link.isDown).toBe(false);
  });

  it('pings every keepalive ± 10 % when told to', () => {
    const harness = new LinkHarness({ settings: { keepaliveMs: 20_000 } });
    while (harness.sent.length < 5) {
      const answered = harness.sent.length;
      harness.advance(10);
      if (harness.sent.length > answered) harness.acknowledge(...harness.sent.map(({ number }) => number));
    }
    harness.sent.forEach(({ atMs, frames }, index) => {
      expect(frames).toContainEqual({ type: 'ping' });
      const sinceMs = atMs - (harness.sent[index - 1]?.atMs ?? 0);
      expect(sinceMs).toBeGreaterThanOrEqual(18_000);
      expect(sinceMs).toBeLessThanOrEqual(22_000);
    });
  });
});

describe('closing', () => {
  it('tells the peer once and does nothing more', () => {
    const harness = new LinkHarness();
    harness.request(bytes(1));
    harness.link.close('closed', 0, 0);
    harness.link.close('closed', 0, 0);
    harness.flush();
    expect(harness.sent.map(({ frames }) => frames)).toEqual([[{ type: 'close', code: 0 }]]);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'closed' }]);
    expect(harness.receive([message('request', 0, bytes(1))])).toBe('closed');
    harness.advance(100_000);
    expect(harness.sent).toHaveLength(1);
  });

  it('by the peer ends the link without an answer, and what came before it counts', () => {
    const harness = new LinkHarness();
    harness.receive([message('request', 0, bytes(1)), { type: 'close', code: 0 }, message('request', 1, bytes(1))]);
    expect(harness.effects).toEqual([
      { type: 'request', requestId: 0, payload: bytes(1) },
      { type: 'down', reason: 'closed by peer' },
    ]);
    expect(harness.sent).toHaveLength(0);
  });
});

describe('packets that are wrong', () => {
  it('are dropped without a trace when the tag does not fit or they are too short', () => {
    const harness = new LinkHarness();
    const good = encode([message('request', 0, bytes(30))], 0);
    for (let bit = 8 * 11; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(harness.receiveBytes(bad)).toBe('tag');
    }
    for (let length = 0; length < 15; length++) expect(harness.receiveBytes(good.slice(0, length))).toBe('short');
    harness.flush();
    harness.advance(1000);
    expect([harness.sent, harness.effects]).toEqual([[], []]);
    expect(harness.receiveBytes(good)).toBe('taken');
  });

  it('with an unknown frame end the link, and none of their frames counts', () => {
    const harness = new LinkHarness();
    harness.receive([message('request', 0, bytes(1)), { type: 'skipped', frameType: 0x20 }]);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
    expect(harness.sent[0]?.frames).toEqual([{ type: 'close', code: 2 }]);
  });

  it('of a later version are taken but for the frames to skip', () => {
    const harness = new LinkHarness();
    harness.receive([{ type: 'skipped', frameType: 0x91 }, message('request', 0, bytes(1))]);
    expect(harness.effects).toHaveLength(1);
  });
});

describe('best-effort payloads', () => {
  it('are sent once, packed together, not acknowledged and not sent again', () => {
    const harness = new LinkHarness();
    for (let index = 0; index < 5; index++) harness.link.datagram(bytes(100, index));
    harness.flush();
    harness.advance(60_000);
    expect(harness.sent).toHaveLength(1);
    expect(harness.sent[0]?.frames).toHaveLength(5);
  });

  it('push out the oldest when too many wait', () => {
    const harness = new LinkHarness({ settings: { maxQueuedDatagrams: 3 } });
    for (let index = 0; index < 5; index++) harness.link.datagram(bytes(1, index));
    harness.flush();
    expect(harness.sent[0]?.frames).toEqual([2, 3, 4].map((index) => ({ type: 'datagram', payload: bytes(1, index) })));
    expect(harness.counters.payloadsDropped).toBe(2);
  });
});
