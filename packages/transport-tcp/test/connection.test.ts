import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeCode, frameType, piecesOf, type OutgoingFrame } from '../src/core/frame.ts';
import { encodeHello } from '../src/core/hello.ts';
import { Core, exchange, framesIn, goingAway, helloOf, pair } from './support/cores.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const of = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);

function frame(type: OutgoingFrame['type'], id = 0, payload: Uint8Array = of(0)): Uint8Array {
  return new Uint8Array(Buffer.concat(piecesOf([{ type, id, payload }])));
}

/** Who was called, up, with settings; the test plays the caller. */
function called(settings = {}): Core {
  const core = new Core(false, {}, settings);
  core.input(frame(frameType.hello, 0, encodeHello(helloOf({ instance: of(8, 1) }))));
  core.output();
  return core;
}

describe('the greeting', () => {
  it('the caller speaks first, the other one when it has accepted', () => {
    const caller = new Core(true);
    const other = new Core(false);
    expect(other.connection.hasOutput).toBe(false);
    caller.connection.onConnected(0);
    const hello = caller.output();
    expect(framesIn(hello)).toEqual([[frameType.hello, 0, 22]]);
    other.connection.receive(hello, 0);
    expect(other.connection.hasOutput).toBe(false);
    other.note();
    expect(framesIn(other.output())).toEqual([[frameType.hello, 0, 22]]);
  });

  it('nothing but the hello leaves before it is answered', () => {
    const caller = new Core(true);
    caller.connection.request('a', of(10));
    caller.connection.datagram(of(10));
    expect(framesIn(caller.output())).toEqual([[frameType.hello, 0, 22]]);
    expect(caller.connection.hasOutput).toBe(false);
    caller.connection.onConnected(0);
    caller.input(frame(frameType.hello, 0, encodeHello(helloOf())));
    expect(framesIn(caller.output()).map(([type]) => type)).toEqual([frameType.request, frameType.datagram]);
  });

  it.each([
    ['something else', frame(frameType.datagram, 0, of(30)), 'not our protocol', 'foreign'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not our protocol', 'foreign'],
    ['another cluster', encodeHello(helloOf({ clusterTag: 1 })), 'refused: another cluster', 'cluster'],
    [
      'another version',
      encodeHello(helloOf({ versions: { min: 9, max: 9, current: 9 } })),
      'refused: no common protocol version',
      'version',
    ],
    ['itself', encodeHello(helloOf({ instance: of(8, 2) })), 'own address', undefined],
  ])('%s is refused', (name, bytes, reason, dropped) => {
    const core = new Core(false);
    core.input(reason.startsWith('not') ? new Uint8Array(bytes) : frame(frameType.hello, 0, bytes));
    expect([core.downReason, core.dropped[0]]).toEqual([reason, dropped]);
    const answer = name === 'another version' ? [[frameType.close, 0, 1]] : [];
    expect(framesIn(core.output())).toEqual(answer);
  });

  it('has its time', () => {
    const caller = new Core(true);
    expect(caller.connection.deadline()).toBe(10_000);
    caller.connection.onConnected(4000);
    expect(caller.connection.deadline()).toBe(9000);
    caller.connection.tick(8999);
    expect(caller.downReason).toBeUndefined();
    caller.connection.tick(9000);
    expect([caller.downReason, caller.dropped]).toEqual(['no hello in time', ['helloTimeout']]);
    const deaf = new Core(true);
    deaf.connection.tick(10_000);
    expect(deaf.downReason).toBe('not connected in time');
  });

  it('nothing as long as a message is waited for before the hello', () => {
    const core = new Core(false);
    core.input(Uint8Array.of(frameType.hello, 0, 4, 1, 0, 0, 0, 0));
    expect([core.downReason, core.dropped]).toEqual(['not our protocol', ['foreign']]);
  });

  it('who has not said hello is not told goodbye', () => {
    const core = new Core(false);
    core.connection.close('closed', closeCode.goingAway);
    expect(core.connection.hasOutput).toBe(false);
  });

  it('a second hello ends the connection', () => {
    const core = called();
    core.input(frame(frameType.hello, 0, encodeHello(helloOf())));
    expect([core.downReason, core.dropped]).toEqual(['not our protocol', ['malformed']]);
  });
});

describe('messages', () => {
  it('of all sizes arrive once and whole, and are answered', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 300_000 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 65_536 }), (lengths, maxBytes) => {
        const [asker, answerer] = pair();
        lengths.forEach((length, index) => asker.connection.request(String(index), of(length, index)));
        while (asker.connection.hasOutput) answerer.input(asker.output(0, maxBytes));
        for (const { id, payload } of answerer.of('request')) answerer.connection.reply(id, payload);
        exchange(asker, answerer);
        const replies = new Map(asker.of('reply').map(({ ticket, payload }) => [ticket, payload]));
        expect(asker.of('reply')).toHaveLength(lengths.length);
        lengths.forEach((length, index) => {
          expect(Buffer.compare(replies.get(String(index)) ?? of(1), of(length, index))).toBe(0);
        });
        expect([asker.budget.usedBytes, answerer.budget.usedBytes]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it('that are small pass between the parts of long ones, and at most two long ones are under way', () => {
    const [asker] = pair();
    const ids = ['16 MiB', '16 MiB too', '1 MiB', '20 KiB', 'small'].map((ticket) => {
      const length = { '16 MiB': 16 * mebibyte, '16 MiB too': 16 * mebibyte, '1 MiB': mebibyte }[ticket];
      return asker.connection.request(ticket, of(length ?? (ticket === 'small' ? 10 : 20 * kibibyte)))?.id;
    });
    const sent = framesIn(asker.output(0, 100 * kibibyte)).map(([, id]) => ids.indexOf(id));
    expect(sent.slice(0, 7)).toEqual([4, 2, 0, 2, 0, 2, 0]);
  });

  it('of one turn are one piece to write', () => {
    const [asker] = pair();
    for (let index = 0; index < 64; index++) asker.connection.request(String(index), of(100));
    expect(asker.connection.pull(Infinity, 0)).toHaveLength(1);
  });

  it('a cancelled request takes nothing, and the other side forgets its parts', () => {
    const [asker, answerer] = pair();
    const message = asker.connection.request('a', of(mebibyte));
    answerer.input(asker.output(0, 1));
    expect(answerer.budget.usedBytes).toBe(16_384 + 256);
    asker.connection.cancel(message?.id ?? -1);
    exchange(asker, answerer);
    expect(answerer.of('request')).toEqual([]);
    expect(answerer.budget.usedBytes).toBe(0);
    const unsent = asker.connection.request('b', of(10));
    asker.connection.cancel(unsent?.id ?? -1);
    expect(framesIn(asker.output())).toEqual([]);
  });

  it('a late reply, and one that was not asked for, is counted and dropped', () => {
    const [asker, answerer] = pair();
    const message = asker.connection.request('a', of(1));
    exchange(asker, answerer);
    asker.connection.cancel(message?.id ?? -1);
    answerer.connection.reply(answerer.of('request')[0]?.id ?? -1, of(100_000));
    answerer.connection.reply(77, of(1));
    exchange(asker, answerer);
    expect(asker.of('reply')).toEqual([]);
    expect(asker.counters.repliesUnwanted).toBe(2);
    expect(asker.budget.usedBytes).toBe(0);
  });
});

describe('bounds', () => {
  it('requests beyond their number or bytes are refused, one message is always taken', () => {
    const [asker] = pair({ maxPendingRequests: 3, maxQueuedBytes: 100 });
    const took = [200, 1].map((length) => asker.connection.request('x', of(length)) !== undefined);
    expect(took).toEqual([true, false]);
    asker.output();
    const more = [50, 50, 1].map((length) => asker.connection.request('x', of(length)) !== undefined);
    expect(more).toEqual([true, true, false]);
  });

  it('best-effort payloads are dropped and counted when too much waits', () => {
    const [sender, receiver] = pair({ maxBestEffortBytes: 100 });
    for (let time = 0; time < 20; time++) sender.connection.datagram(of(10));
    expect(sender.counters.payloadsDropped).toBe(9);
    exchange(sender, receiver);
    expect(receiver.of('datagram')).toHaveLength(11);
  });

  it('memory for parts is by what came; a message without room is refused, and the connection goes on', () => {
    const [asker, answerer] = pair({ maxPartialBytesOfAll: 100_000 });
    asker.connection.request('long', of(200_000));
    asker.connection.request('short', of(10));
    exchange(asker, answerer);
    expect(asker.of('refused')).toEqual([{ type: 'refused', ticket: 'long', tooLarge: false }]);
    expect(answerer.dropped).toEqual(['partialFull']);
    expect(answerer.of('request')).toHaveLength(1);
    expect(answerer.budget.usedBytes).toBe(0);
  });

  it('tiny parts are charged for what they take', () => {
    const core = called({ maxPartialBytesOfAll: 2600 });
    for (let part = 0; part < 11; part++) core.input(frame(frameType.requestPart, 1, of(1)));
    expect(core.dropped).toEqual(['partialFull']);
  });

  it('a request that is longer than is taken here is refused; so is a reply', () => {
    const [asker, answerer] = [new Core(true), new Core(false, {}, { maxMessageBytes: 50_000 })];
    asker.connection.onConnected(0);
    exchange(asker, answerer);
    asker.connection.request('too long', of(50_001));
    asker.connection.request('fits', of(50_000));
    answerer.connection.request('back', of(1));
    exchange(asker, answerer);
    asker.connection.reply(asker.of('request')[0]?.id ?? -1, of(50_001));
    exchange(asker, answerer);
    expect(asker.of('refused')).toEqual([{ type: 'refused', ticket: 'too long', tooLarge: true }]);
    expect(answerer.of('refused')).toEqual([{ type: 'refused', ticket: 'back', tooLarge: true }]);
    expect(answerer.of('request').map(({ payload }) => payload.length)).toEqual([50_000]);
  });

  it('one peer cannot take the memory of all', () => {
    const core = called({ maxPartialBytes: 20_000 });
    for (let id = 1; id <= 2; id++) core.input(frame(frameType.requestPart, id, of(10_000)));
    expect(core.dropped).toEqual(['partialFull']);
    expect(core.budget.usedBytes).toBe(10_256);
  });

  it('too many unfinished messages, and empty parts, end the connection', () => {
    const core = called({ maxPartialMessages: 2 });
    for (let id = 1; id <= 3; id++) core.input(frame(frameType.requestPart, id, of(1)));
    expect([core.downReason, core.dropped]).toEqual(['not our protocol', ['malformed']]);
    expect(core.budget.usedBytes).toBe(0);
    const other = called();
    other.input(frame(frameType.requestPart, 1));
    expect(other.downReason).toBe('not our protocol');
  });

  it('a peer that asks for more than it takes is not read from', () => {
    const core = called({ maxReplyBytes: 100, maxControlFrames: 3 });
    core.input(frame(frameType.request, 1));
    core.connection.reply(1, of(101));
    expect(core.connection.wantsInput).toBe(false);
    core.output();
    expect(core.connection.wantsInput).toBe(true);
    for (let time = 0; time < 4; time++) core.input(frame(frameType.ping));
    expect(core.connection.wantsInput).toBe(false);
  });

  it('requests are handed over some at a time, for their answers may be too much', () => {
    const core = called();
    const requests = new Uint8Array(Buffer.concat(Array.from({ length: 20 }, () => frame(frameType.request, 1))));
    expect(core.connection.receive(requests, 0)).toBe(8 * 8);
  });

  it('backpressure is told on and off', () => {
    const [asker] = pair({ backpressureHighBytes: 100_000, backpressureLowBytes: 50_000 });
    asker.connection.request('a', of(100_000));
    expect(asker.of('backpressure')).toEqual([]);
    asker.connection.request('b', of(1));
    expect(asker.of('backpressure').map(({ on }) => on)).toEqual([true]);
    asker.output(0, 40_000);
    expect(asker.of('backpressure')).toHaveLength(1);
    asker.output(0, 40_000);
    expect(asker.of('backpressure').map(({ on }) => on)).toEqual([true, false]);
  });
});

describe('time', () => {
  it('silence is asked, and ends a link that does not answer', () => {
    const [asker, answerer] = pair();
    asker.connection.request('a', of(1));
    exchange(asker, answerer, 0);
    expect(asker.connection.deadline()).toBe(20_000);
    asker.connection.tick(20_000);
    expect(framesIn(asker.output(20_000))).toEqual([[frameType.ping, 0, 0]]);
    expect(asker.connection.deadline()).toBe(30_000);
    asker.connection.tick(30_000);
    expect(asker.downReason).toBe('no answer');
  });

  it('an answer to the ping keeps it', () => {
    const [asker, answerer] = pair();
    asker.connection.tick(20_000);
    exchange(asker, answerer, 20_000);
    expect(asker.connection.deadline()).toBe(40_000);
  });

  it('a link that carries no message ends, and says so', () => {
    const [asker, answerer] = pair({ keepaliveMs: 0 });
    asker.connection.datagram(of(1));
    exchange(asker, answerer, 1000);
    expect(asker.connection.deadline()).toBe(121_000);
    asker.connection.tick(121_000);
    exchange(asker, answerer, 121_000);
    expect([asker.downReason, answerer.downReason]).toEqual(['idle', 'idle']);
  });

  it('pings do not count as use', () => {
    const [asker, answerer] = pair();
    for (let nowMs = 20_000; nowMs < 120_000; nowMs += 20_000) {
      asker.connection.tick(nowMs);
      exchange(asker, answerer, nowMs);
    }
    asker.connection.tick(120_000);
    expect(asker.downReason).toBe('idle');
  });

  it('a peer that takes nothing of what waits loses its link', () => {
    const [asker] = pair();
    asker.connection.request('a', of(1000));
    asker.connection.pull(Infinity, 500);
    expect(asker.connection.deadline()).toBe(10_500);
    asker.connection.tick(10_500);
    expect(asker.downReason).toBe('the peer takes nothing');
  });

  it('a peer that is not read from is not judged by its silence', () => {
    const [asker] = pair();
    asker.connection.tick(20_000);
    asker.connection.onPaused(true, 20_000);
    asker.connection.tick(30_000);
    expect(asker.downReason).toBeUndefined();
    asker.connection.onPaused(false, 30_000);
    expect(asker.connection.deadline()).toBe(50_000);
  });

  it('a challenged link proves that it lives, or ends', () => {
    const [asker, answerer] = pair();
    asker.connection.challenge(1000);
    exchange(asker, answerer, 1500);
    expect(asker.of('alive')).toHaveLength(1);
    asker.connection.challenge(2000);
    asker.connection.tick(4000);
    expect(asker.downReason).toBe('peer restarted');
  });
});

describe('the end', () => {
  it('goodbye is told, and forgets what waits', () => {
    const [asker, answerer] = pair();
    asker.connection.request('a', of(mebibyte));
    asker.connection.close('closed', closeCode.goingAway);
    expect(framesIn(asker.output())).toEqual([[frameType.close, 0, 1]]);
    expect(asker.connection.takeTickets()).toEqual(['a']);
    answerer.input(frame(frameType.close, 0, Uint8Array.of(goingAway)));
    expect(answerer.downReason).toBe('closed by the peer');
    answerer.input(frame(frameType.request, 5, of(1)));
    expect(answerer.of('request')).toEqual([]);
  });

  it('what waits on a dial moves to another connection', () => {
    const dialling = new Core(true);
    dialling.connection.request('a', of(5, 1));
    dialling.connection.datagram(of(6, 2));
    const [other, peer] = pair();
    other.connection.request('b', of(7, 3));
    const moved: string[] = [];
    dialling.connection.moveTo(other.connection, (ticket) => moved.push(ticket));
    exchange(other, peer);
    expect(moved).toEqual(['a']);
    expect(dialling.connection.takeTickets()).toEqual([]);
    expect(peer.of('request').map(({ payload }) => payload)).toEqual([of(7, 3), of(5, 1)]);
    expect(new Set(peer.of('request').map(({ id }) => id)).size).toBe(2);
    expect(peer.of('datagram').map(({ payload }) => payload)).toEqual([of(6, 2)]);
  });

  it('a retired connection ends when both sides have their answers', () => {
    const [asker, answerer] = pair();
    asker.connection.request('a', of(1));
    exchange(asker, answerer);
    for (const core of [asker, answerer]) core.connection.retire(0);
    for (const core of [asker, answerer]) core.connection.settle();
    exchange(asker, answerer);
    for (const core of [asker, answerer]) core.connection.settle();
    expect([asker.of('drained').length, answerer.of('drained').length]).toEqual([0, 0]);
    answerer.connection.reply(answerer.of('request')[0]?.id ?? -1, of(1));
    exchange(asker, answerer);
    asker.connection.settle();
    exchange(asker, answerer);
    for (const core of [asker, answerer]) core.connection.settle();
    expect([asker.of('drained').length, answerer.of('drained').length]).toEqual([1, 1]);
    expect(asker.of('reply')).toHaveLength(1);
  });

  it('a retired connection does not wait for ever', () => {
    const [asker] = pair();
    asker.connection.request('a', of(1));
    asker.connection.retire(1000);
    asker.output(1000);
    asker.input(frame(frameType.pong), 19_000);
    asker.connection.tick(31_000);
    expect(asker.downReason).toBe('replaced');
  });

  it('bytes of anything change nothing but their own connection', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const core = called();
        for (const chunk of chunks) core.input(chunk);
        core.connection.onLost('connection lost');
        expect(core.budget.usedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
