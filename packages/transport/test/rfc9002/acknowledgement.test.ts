import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceivedPackets } from '../../src/link/received-packets.ts';
import { encode, LinkHarness, message } from '../support/link-harness.ts';
import { bytes } from '../support/pair.ts';

const ping = { type: 'ping' } as const;

function acknowledgements(harness: LinkHarness): unknown[] {
  return harness.sent.map(({ atMs, frames }) => [
    atMs,
    frames.map((frame) => (frame.type === 'ack' ? frame.ranges.map(({ first, last }) => [first, last]) : frame.type)),
  ]);
}

describe('RFC 9000 §13.2: acknowledgement', () => {
  it('§13.2.1 waits 20 ms for company', () => {
    const harness = new LinkHarness();
    harness.receive([ping]);
    harness.advanceTo(19.9);
    expect(harness.sent).toHaveLength(0);
    harness.advanceTo(20);
    expect(acknowledgements(harness)).toEqual([[20, [[[0, 0]]]]]);
  });

  it('§13.2.5 says how long it waited', () => {
    const harness = new LinkHarness();
    harness.receive([ping]);
    harness.advanceTo(20);
    expect(harness.sent[0]?.frames[0]).toMatchObject({ type: 'ack', delayMs: 20 });
  });

  it('§13.2.1 rides on the reply of the same turn', () => {
    const harness = new LinkHarness();
    harness.receive([message('request', 0, bytes(10))]);
    harness.link.reply(0, bytes(5));
    harness.flush();
    expect(acknowledgements(harness)).toEqual([[0, [[[0, 0]], 'message']]]);
    harness.acknowledge(0);
    harness.advance(1000);
    expect(harness.sent).toHaveLength(1);
  });

  it('§13.2.2 comes at once for the 10th packet', () => {
    const harness = new LinkHarness();
    for (let index = 0; index < 9; index++) harness.receive([ping]);
    expect(harness.sent).toHaveLength(0);
    harness.receive([ping]);
    expect(acknowledgements(harness)).toEqual([[0, [[[0, 9]]]]]);
  });

  it('§13.2.1 comes at once when a packet is missing, and when a missing one comes', () => {
    const harness = new LinkHarness();
    harness.receive([ping], { number: 0 });
    harness.receive([ping], { number: 2 });
    harness.receive([ping], { number: 1 });
    expect(acknowledgements(harness)).toEqual([
      [
        0,
        [
          [
            [2, 2],
            [0, 0],
          ],
        ],
      ],
      [0, [[[0, 2]]]],
    ]);
  });

  it('§13.2.1 comes at once when one is missing before a packet that elicited none', () => {
    const harness = new LinkHarness();
    harness.receive([ping], { number: 0 });
    // 1 is lost, 2 needs no answer.
    harness.receive([{ type: 'datagram', payload: bytes(3) }], { number: 2 });
    expect(harness.sent).toHaveLength(0);
    harness.receive([ping], { number: 3 });
    expect(acknowledgements(harness)).toEqual([
      [
        0,
        [
          [
            [2, 3],
            [0, 0],
          ],
        ],
      ],
    ]);
  });

  it('§13.2.1 does not come at once for packets that elicited none in between', () => {
    const harness = new LinkHarness();
    harness.receive([ping], { number: 0 });
    harness.receive([{ type: 'datagram', payload: bytes(3) }], { number: 1 });
    harness.receive([ping], { number: 2 });
    expect(harness.sent).toHaveLength(0);
  });

  it('§13.2.1 comes at once for one that is older than another, though nothing is missing', () => {
    const harness = new LinkHarness();
    harness.receiveBytes(encode([ping], 0));
    harness.receiveBytes(encode([ping], 2));
    harness.flush();
    harness.clear();
    harness.receive([ping], { number: 1 });
    expect(acknowledgements(harness)).toEqual([[0, [[[0, 2]]]]]);
  });

  it('§13.2.1 is never later than 25 ms, which the other side adds to its probe time-out', () => {
    const { ackDelayMs, maxAckDelayMs } = new LinkHarness().settings;
    expect(ackDelayMs).toBeLessThan(maxAckDelayMs);
  });

  it('§13.1 of a packet that was never sent ends the link', () => {
    const harness = new LinkHarness();
    harness.request(bytes(10));
    harness.flush();
    harness.clear();
    harness.acknowledge(1);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
    expect(harness.sent[0]?.frames).toContainEqual({ type: 'close', code: 1 });
  });

  it('§13.2.1 comes at once when the sender asks', () => {
    const harness = new LinkHarness();
    harness.receive([ping], { acknowledgeNow: true });
    expect(acknowledgements(harness)).toEqual([[0, [[[0, 0]]]]]);
  });

  it('§13.2.1 is not made for packets that elicit none: two idle links are silent', () => {
    const harness = new LinkHarness();
    harness.receive([{ type: 'datagram', payload: bytes(3) }]);
    harness.receive([{ type: 'ack', delayMs: 0, ranges: [{ first: 0, last: 0 }] }]);
    harness.advance(100_000);
    expect(harness.sent.filter(({ frames }) => frames.some(({ type }) => type === 'ack'))).toHaveLength(0);
  });

  it('§13.2.4 leaves out what the peer knows to be acknowledged', () => {
    const harness = new LinkHarness();
    harness.receiveBytes(encode([message('request', 0, bytes(1))], 0));
    harness.receiveBytes(encode([ping], 2));
    harness.link.reply(0, bytes(1));
    harness.flush();
    const told = harness.sent.at(-1)?.number ?? 0;
    harness.clear();
    harness.receive([{ type: 'ack', delayMs: 0, ranges: [{ first: told, last: told }] }, ping], { number: 4 });
    harness.receive([ping], { number: 5, acknowledgeNow: true });
    expect(harness.sent.at(-1)?.frames).toContainEqual({
      type: 'ack',
      delayMs: 0,
      ranges: [{ first: 4, last: 5 }],
    });
  });
});

describe('RFC 9000 §13.2.3: received packets', () => {
  it('§13.2.3 are refused the second time, like those forgotten', () => {
    const harness = new LinkHarness();
    expect(harness.receive([ping], { number: 7 })).toBe('taken');
    expect(harness.receive([ping], { number: 7 })).toBe('repeated');
    for (let index = 0; index < 40; index++) harness.receive([ping], { number: 10 + 2 * index });
    expect(harness.receive([ping], { number: 8 })).toBe('repeated');
  });

  it('§13.2.3 agree with a set for any order, and never take a number twice', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 120 }), (numbers) => {
        const received = new ReceivedPackets();
        const model = new Set<number>();
        for (const number of numbers) {
          const repeated = received.has(number);
          if (model.has(number)) expect(repeated).toBe(true);
          if (!repeated) {
            received.add(number);
            model.add(number);
          }
        }
        const covered = received.ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(covered.every((number) => model.has(number))).toBe(true);
        expect(received.ranges.length).toBeLessThanOrEqual(32);
        received.ranges.forEach(({ first }, index) => {
          expect(first).toBeGreaterThan((received.ranges[index + 1]?.last ?? -2) + 1);
        });
      }),
    );
  });
});
