import type { MessageFrame } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reassembly } from '../src/link/reassembly.ts';
import { ReassemblyBudget } from '../src/link/reassembly-budget.ts';
import { fragment, LinkHarness, message, requestIds } from './support/link-harness.ts';
import { bytes } from './support/pair.ts';

const mebibyte = 1_048_576;

describe('requests', () => {
  it('are handed over once, however often they come', () => {
    const harness = new LinkHarness();
    for (let time = 0; time < 3; time++) harness.receive([message('request', 0, bytes(4))]);
    expect(harness.effects).toEqual([{ type: 'request', requestId: 0, payload: bytes(4) }]);
    expect(harness.counters.messagesRepeated).toBe(2);
  });

  it('are told from old ones in any order for ever', () => {
    const harness = new LinkHarness();
    for (let id = 0; id < 10_000; id++) harness.receive([message('request', id ^ 1, bytes(1))]);
    for (const id of [0, 1, 5000, 9998, 9999]) harness.receive([message('request', id, bytes(1))]);
    expect(harness.effects).toHaveLength(10_000);
  });

  it('end the link when they run ahead of the window', () => {
    const harness = new LinkHarness();
    harness.receive([message('request', 4095, bytes(1))]);
    expect(harness.effects).toHaveLength(1);
    harness.receive([message('request', 4096, bytes(1))]);
    expect(harness.effects.at(-1)).toEqual({ type: 'down', reason: 'protocol error' });
  });

  it('wait for the window, and replies do not', () => {
    const harness = new LinkHarness({
      settings: { maxPendingRequests: 10_000 },
      datagramBytes: 1200,
      handshakeRttMs: 1,
    });
    for (let index = 0; index < 5000; index++) harness.request(bytes(1));
    harness.flush();
    // All but the first request, until nothing more comes.
    const others = (): typeof harness.sent => harness.sent.filter((sent) => !requestIds(sent).includes(0));
    for (let round = 0; round < 50; round++) {
      harness.advance(1);
      harness.acknowledge(...others().map(({ number }) => number));
    }
    const ids = harness.sent.flatMap(requestIds);
    expect(Math.max(...ids)).toBe(4095);
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    harness.advance(1);
    expect(harness.sent.at(-1)?.frames.at(-1)).toMatchObject({ requestId: 4999 });
  });

  it('of one turn share datagrams', () => {
    const harness = new LinkHarness();
    for (let index = 0; index < 10; index++) harness.request(bytes(100));
    harness.flush();
    expect(harness.sent).toHaveLength(1);
  });

  it('are refused above the bounds, but for one message of any size', () => {
    const harness = new LinkHarness({ settings: { maxQueuedBytes: 1000, maxPendingRequests: 3 } });
    const ask = (length: number): boolean => harness.link.request({ name: '' }, bytes(length)) !== undefined;
    expect([ask(5000), ask(1)]).toEqual([true, false]);
    const small = new LinkHarness({ settings: { maxQueuedBytes: 1000, maxPendingRequests: 3 } });
    const askSmall = (): boolean => small.link.request({ name: '' }, bytes(1)) !== undefined;
    expect([askSmall(), askSmall(), askSmall(), askSmall()]).toEqual([true, true, true, false]);
  });

  it('that were cancelled before they left are not sent, and take no id', () => {
    const harness = new LinkHarness();
    const cancelled = harness.link.request({ name: 'first' }, bytes(5));
    harness.request(bytes(6));
    if (cancelled !== undefined) harness.link.cancel(cancelled);
    harness.flush();
    expect(harness.sent[0]?.frames).toEqual([message('request', 0, bytes(6))]);
    expect(harness.link.isQuiet).toBe(false);
  });

  it('tell backpressure on and off', () => {
    const settings = { backpressureHighBytes: 1000, backpressureLowBytes: 500 };
    const harness = new LinkHarness({ settings });
    for (let index = 0; index < 3; index++) harness.request(bytes(400));
    harness.flush();
    expect(harness.effects).toEqual([{ type: 'backpressure', on: true }]);
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    expect(harness.effects.at(-1)).toEqual({ type: 'backpressure', on: false });
  });
});

describe('replies', () => {
  it('go to whoever asked, once', () => {
    const harness = new LinkHarness();
    const ticket = harness.request(bytes(3));
    harness.flush();
    harness.receive([message('reply', 0, bytes(7))]);
    harness.receive([message('reply', 0, bytes(7))]);
    expect(harness.effects).toEqual([{ type: 'reply', ticket, payload: bytes(7) }]);
    expect(harness.counters.repliesUnwanted).toBe(1);
  });

  it('to requests that were never made, or given up, are dropped', () => {
    const harness = new LinkHarness();
    const request = harness.link.request({ name: '' }, bytes(3));
    harness.flush();
    if (request !== undefined) harness.link.cancel(request);
    harness.receive([message('reply', 0, bytes(7)), message('reply', 1, bytes(7))]);
    expect(harness.effects).toEqual([]);
    expect(harness.counters.repliesUnwanted).toBe(2);
  });

  it('are sent again until they are acknowledged', () => {
    const harness = new LinkHarness({ handshakeRttMs: 1 });
    harness.receive([message('request', 0, bytes(1))]);
    harness.link.reply(0, bytes(9));
    harness.flush();
    harness.advance(100);
    expect(harness.sent.length).toBeGreaterThan(2);
    for (const { frames } of harness.sent.slice(0, 2)) {
      expect(frames).toContainEqual(message('reply', 0, bytes(9)));
    }
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    harness.clear();
    harness.advance(10_000);
    expect(harness.sent).toHaveLength(0);
    expect(harness.link.isQuiet).toBe(true);
  });
});

describe('long messages', () => {
  it('are cut into packets, sent in order, and put together in any order, with repetitions', () => {
    const whole = bytes(20_000);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...Array(20).keys()], { minLength: 20 }),
        fc.array(fc.nat({ max: 19 })),
        (order, extra) => {
          const harness = new LinkHarness();
          for (const index of [...order.slice(0, 10), ...extra, ...order.slice(10), ...extra]) {
            harness.receive([fragment('request', 0, whole, index * 1000, 1000)]);
          }
          expect(harness.effects).toEqual([{ type: 'request', requestId: 0, payload: whole }]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('with a hole are not handed over, and hold only what came', () => {
    const harness = new LinkHarness();
    const whole = bytes(mebibyte);
    for (let offset = 0; offset < 100_000; offset += 1000) {
      if (offset !== 50_000) harness.receive([fragment('request', 0, whole, offset, 1000)]);
    }
    expect(harness.effects).toEqual([]);
    expect(harness.link.isDown).toBe(false);
  });

  it.each([
    ['longer than a message may be', { settings: { maxMessageBytes: 10_000 } }, [0, 10_001]],
    ['of another length than before', {}, [5000, 6000]],
    ['whose parts overlap', {}, [1500, 1500]],
  ])('%s end the link', (_name, options, [first = 0, second = 0]) => {
    const harness = new LinkHarness(options);
    if (first > 0) harness.receive([fragment('request', 0, bytes(first), 0, 1000)]);
    harness.receive([fragment('request', 0, bytes(second), first === second ? 900 : 0, 500)]);
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
    expect(harness.sent.at(-1)?.frames).toContainEqual({ type: 'close', code: 3 });
  });

  it('do not hold up short ones, nor the other way round', () => {
    const harness = new LinkHarness();
    harness.request(bytes(50_000));
    for (let index = 0; index < 30; index++) harness.request(bytes(1000));
    harness.flush();
    const kinds = harness.sent.map(({ frames }) =>
      frames.map((frame) => ('totalBytes' in frame ? frame.totalBytes : 0)),
    );
    expect(kinds.flat()).toContain(50_000);
    expect(kinds.flat().filter((length) => length === 1000).length).toBeGreaterThanOrEqual(4);
  });
});

describe('credit', () => {
  const settings = { receiveWindowBytes: 4000, maxMessageBytes: 20_000 };

  it('lets a sender have so many fragment bytes ahead, and not one more', () => {
    const harness = new LinkHarness({ parameters: { receiveWindowBytes: 4000 } });
    harness.request(bytes(20_000));
    harness.flush();
    harness.acknowledge(...harness.sent.map(({ number }) => number));
    const sentBytes = (): number =>
      harness.sent
        .flatMap(({ frames }) => frames)
        .reduce((sum, frame) => sum + ('payload' in frame ? frame.payload.length : 0), 0);
    expect(sentBytes()).toBe(4000);
    harness.receive([{ type: 'credit', maxBytes: 9000 }]);
    expect(sentBytes()).toBe(9000);
  });

  it('does not hold up short messages', () => {
    const harness = new LinkHarness({ parameters: { receiveWindowBytes: 1 } });
    harness.request(bytes(20_000));
    harness.request(bytes(10));
    harness.flush();
    expect(harness.sent[0]?.frames).toEqual([message('request', 0, bytes(10))]);
  });

  it('is given by the quarter window as fragments come, and again when its packet was lost', () => {
    const harness = new LinkHarness({ settings, handshakeRttMs: 1 });
    const whole = bytes(10_000);
    harness.receive([fragment('request', 0, whole, 0, 900)]);
    expect(harness.sent).toHaveLength(0);
    harness.receive([fragment('request', 0, whole, 900, 900)]);
    expect(harness.sent[0]?.frames).toContainEqual({ type: 'credit', maxBytes: 5800 });
    harness.clear();
    for (let index = 0; index < 4; index++) {
      harness.request(bytes(1));
      harness.flush();
    }
    harness.acknowledge(4);
    expect(harness.sent.at(-1)?.frames).toContainEqual({ type: 'credit', maxBytes: 5800 });
  });

  it('ends the link of a sender that takes more', () => {
    const harness = new LinkHarness({ settings });
    const whole = bytes(10_000);
    for (let offset = 0; offset < 10_000 && !harness.link.isDown; offset += 5000) {
      harness.receive([fragment('request', 0, whole, offset, 5000)]);
    }
    expect(harness.effects).toEqual([{ type: 'down', reason: 'protocol error' }]);
  });

  it('is not given for replies that were never asked for', () => {
    const harness = new LinkHarness({ settings });
    const whole = bytes(3000);
    for (let offset = 0; offset < 3000; offset += 1000) harness.receive([fragment('reply', 0, whole, offset, 1000)]);
    harness.advance(100);
    expect(harness.sent.flatMap(({ frames }) => frames).map(({ type }) => type)).not.toContain('credit');
  });

  it('comes back for replies that nobody waits for any more', () => {
    const harness = new LinkHarness({ settings });
    const request = harness.link.request({ name: '' }, bytes(1));
    harness.flush();
    if (request !== undefined) harness.link.cancel(request);
    const whole = bytes(3000);
    for (let offset = 0; offset < 3000; offset += 1000) harness.receive([fragment('reply', 0, whole, offset, 1000)]);
    expect(harness.sent.flatMap(({ frames }) => frames)).toContainEqual({ type: 'credit', maxBytes: 5000 });
  });
});

describe('memory for partial messages', () => {
  it('is not counted by the length announced, and is given back', () => {
    const budget = new ReassemblyBudget(1_000_000);
    const reassembly = new Reassembly(budget, 16_000_000, 1_000_000);
    const announced = (requestId: number): MessageFrame => {
      const frame = { kind: 'request', requestId, offset: 0, totalBytes: 16_000_000 } as const;
      return { type: 'message', ...frame, payload: bytes(10) };
    };
    for (let requestId = 0; requestId < 100; requestId++) reassembly.add(announced(requestId));
    expect(budget.usedBytes).toBeLessThan(100_000);
    reassembly.clear();
    expect(budget.usedBytes).toBe(0);
  });

  it('is shared by links; only the first to find it full may go on, until it holds nothing', () => {
    const budget = new ReassemblyBudget(8000);
    const [first, second] = [new Reassembly(budget, 10_000, 20_000), new Reassembly(budget, 10_000, 20_000)];
    const part = (offset: number): MessageFrame => {
      const frame = { kind: 'request', requestId: 0, offset, totalBytes: 9000 } as const;
      return { type: 'message', ...frame, payload: bytes(3000) };
    };
    for (const reassembly of [first, second]) {
      expect(reassembly.hasRoom(1000, 0)).toBe(true);
      reassembly.add(part(0));
    }
    expect([first.hasRoom(3000, 0), second.hasRoom(3000, 0)]).toEqual([true, false]);
    first.add(part(3000));
    expect(first.add(part(6000))).toHaveLength(9000);
    expect(second.hasRoom(3000, 0)).toBe(true);
  });

  it('is taken from a link that does not get done while others wait, and that link ends', () => {
    const budget = new ReassemblyBudget(2000);
    const other = new Reassembly(budget, 10_000, 20_000);
    const harness = new LinkHarness({ settings: { maxMessageBytes: 40_000, receiveWindowBytes: 40_000 }, budget });
    const large = bytes(20_000);
    for (let index = 0; index < 3; index++) harness.receive([fragment('request', 0, large, index * 1000, 1000)]);
    expect(budget.usedBytes).toBeGreaterThan(3000);
    expect(other.hasRoom(3000, 60_000)).toBe(false);
    harness.flush();
    expect(harness.effects).toEqual([]);
    expect(other.hasRoom(3000, 130_000)).toBe(true);
    expect(budget.usedBytes).toBe(0);
    harness.flush();
    expect(harness.effects).toEqual([{ type: 'down', reason: 'message not finished' }]);
    // The one that goes on now has its time too.
    expect(other.hasRoom(3000, 500_000)).toBe(true);
  });

  it('goes on to the next as soon as the bound is kept again', () => {
    const budget = new ReassemblyBudget(30_000);
    const [first, second] = [new Reassembly(budget, 100_000, 200_000), new Reassembly(budget, 100_000, 200_000)];
    const part = (requestId: number, offset: number): MessageFrame => {
      const frame = { kind: 'request', requestId, offset, totalBytes: 40_000 } as const;
      return { type: 'message', ...frame, payload: bytes(20_000) };
    };
    first.add(part(0, 0));
    expect([first.hasRoom(20_000, 0), second.hasRoom(20_000, 0)]).toEqual([true, false]);
    first.add(part(1, 0));
    expect(first.add(part(0, 20_000))).toHaveLength(40_000);
    // It still holds a part of another message.
    expect([second.hasRoom(20_000, 0), first.hasRoom(20_000, 0)]).toEqual([true, false]);
  });

  it('lets one link go on when it is full: packets of others are dropped unacknowledged', () => {
    const settings = { maxMessageBytes: 40_000, receiveWindowBytes: 40_000 };
    const harness = new LinkHarness({ settings, budgetBytes: 0 });
    // This link is the first to find the budget full, so it may go on.
    expect(harness.receive([fragment('request', 0, bytes(2000), 0, 1000)])).toBe('taken');
    harness.receive([fragment('request', 0, bytes(2000), 1000, 1000)]);
    expect(harness.effects).toHaveLength(1);
  });
});
