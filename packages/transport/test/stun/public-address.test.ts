import { describe, expect, it } from 'vitest';
import { udpTransport } from '../../src/index.ts';
import { stunAttribute } from '../../src/stun/core/message.ts';
import { mapped, message, text } from './support/messages.ts';
import { honest, secondServer, self, server, stunWorld } from './support/world.ts';

const told = { type: 'public-address', address: '203.0.113.7:40000', server };

describe('the public address', () => {
  it('is what the server saw, asked for from the own socket', async () => {
    const { clock, events, serve, transport } = await stunWorld();
    const asked = await serve(server, honest());
    await clock.advance(1000);
    expect(events).toEqual([told]);
    expect(asked.map(({ from }) => from)).toEqual([self]);
    expect(transport.counters).toMatchObject({ 'stun.requestsOut': 1, 'stun.answersIn': 1, 'stun.dropped': 0 });
    expect(transport.counters['dropped.foreign']).toBe(0);
  });

  it('is asked for again after 5 minutes, with another transaction id; only a change is told', async () => {
    const { clock, events, serve } = await stunWorld();
    let port = 40_000;
    const asked = await serve(server, (one) => honest('203.0.113.7', port)(one));
    await clock.advance(299_000);
    expect(asked).toHaveLength(1);
    await clock.advance(2000);
    expect([asked.length, events.length]).toEqual([2, 1]);
    expect(asked[0]?.id).not.toEqual(asked[1]?.id);
    port = 40_001;
    await clock.advance(301_000);
    expect(events).toEqual([told, { ...told, address: '203.0.113.7:40001' }]);
  });

  it('is that of the server that answers first; one that is silent holds nobody up', async () => {
    const { clock, events, serve } = await stunWorld([secondServer, server]);
    await serve(server, honest());
    await clock.advance(60_000);
    expect(events).toEqual([told]);
  });

  it('is not asked for when nobody says whom to ask, and STUN is foreign then', async () => {
    const { clock, network, transport, events } = await stunWorld([]);
    await clock.advance(600_000);
    expect(network.counters.datagrams).toBe(0);
    network.carry(server, self, message({ id: new Uint8Array(12), attributes: [mapped('1.2.3.4', 5)] }));
    await clock.advance(1000);
    expect([events, transport.counters['dropped.foreign']]).toEqual([[], 1]);
  });

  it('is not asked for any more after close', async () => {
    const { clock, network, transport } = await stunWorld();
    await clock.advance(100);
    await transport.close();
    await clock.advance(600_000);
    expect([network.counters.datagrams, transport.counters['stun.requestsOut']]).toEqual([1, 1]);
  });
});

describe('retransmission', () => {
  it('is that of RFC 8489 §6.2.1: at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms, given up at 39500', async () => {
    const { clock, events, serve } = await stunWorld();
    const asked = await serve(server, () => undefined);
    await clock.advance(39_499);
    // The way takes 1 ms.
    expect(asked.map(({ atMs }) => atMs - 1)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(new Set(asked.map(({ id }) => id.join())).size).toBe(1);
    expect(events).toEqual([]);
    await clock.advance(2);
    expect(events).toEqual([{ type: 'public-address-failed', reason: `${server}: no answer` }]);
  });

  it('ends with the answer, to whichever of the requests', async () => {
    const { clock, events, serve } = await stunWorld();
    let count = 0;
    const asked = await serve(server, (one) => (++count < 3 ? undefined : honest()(one)));
    await clock.advance(60_000);
    expect([asked.length, events]).toEqual([3, [told]]);
  });

  it('goes on after a failure, once the refresh is due', async () => {
    const { clock, events, serve } = await stunWorld();
    await clock.advance(60_000);
    await serve(server, honest());
    await clock.advance(300_000);
    expect(events.map(({ type }) => type)).toEqual(['public-address-failed', 'public-address']);
  });
});

describe('an answer that nobody gave', () => {
  it.each([
    ['from another address', secondServer, (id: Uint8Array) => message({ id, attributes: [mapped('6.6.6.6', 666)] })],
    [
      'with another transaction id',
      server,
      (id: Uint8Array) =>
        message({ id: id.map((byte, at) => (at === 11 ? byte ^ 1 : byte)), attributes: [mapped('6.6.6.6', 666)] }),
    ],
    [
      'with a fingerprint that does not fit',
      server,
      (id: Uint8Array) =>
        message({ id, attributes: [mapped('6.6.6.6', 666)] }).map((byte, at, all) =>
          at === all.length - 1 ? byte ^ 1 : byte,
        ),
    ],
    [
      'that is a request',
      server,
      (id: Uint8Array) => message({ type: 0x0001, id, attributes: [mapped('6.6.6.6', 666)] }),
    ],
    [
      'of another method',
      server,
      (id: Uint8Array) => message({ type: 0x0103, id, attributes: [mapped('6.6.6.6', 666)] }),
    ],
  ])('is dropped and the real one is waited for: %s', async (_what, from, forged) => {
    const { clock, network, events, serve, transport } = await stunWorld();
    const asked = await serve(server, () => undefined);
    await clock.advance(10);
    const id = asked[0]?.id ?? expect.fail();
    network.carry(from, self, forged(id));
    await clock.advance(10);
    expect([events, transport.counters['stun.dropped']]).toEqual([[], 1]);
    network.carry(server, self, message({ id, attributes: [mapped('203.0.113.7', 40_000)] }));
    await clock.advance(10);
    expect(events).toEqual([told]);
  });

  it('comes too late: a second answer changes nothing', async () => {
    const { clock, network, events, serve, transport } = await stunWorld();
    const asked = await serve(server, honest());
    await clock.advance(1000);
    const id = asked[0]?.id ?? expect.fail();
    network.carry(server, self, message({ id, attributes: [mapped('6.6.6.6', 666)] }));
    await clock.advance(1000);
    expect([events, transport.counters['stun.dropped']]).toEqual([[told], 1]);
  });
});

describe('an answer that is no use', () => {
  it.each([
    [
      'an error',
      { type: 0x0111, attributes: [[stunAttribute.errorCode, Uint8Array.of(0, 0, 5, 0, ...text('Server Error'))]] },
      '500 Server Error',
    ],
    [
      'an unknown attribute that has to be understood (§6.3.3)',
      { attributes: [mapped('6.6.6.6', 666), [0x7001, text('?')]] },
      'an answer with unknown attributes (28673)',
    ],
    ['no address', { attributes: [] }, 'an answer without an address'],
    ['an address of nobody', { attributes: [mapped('0.0.0.0', 5000)] }, 'an answer without an address'],
    ['an address of many', { attributes: [mapped('224.0.0.1', 5000)] }, 'an answer without an address'],
    ['port 0', { attributes: [mapped('6.6.6.6', 0)] }, 'an answer without an address'],
  ] as const)('is a failure: %s', async (_what, parts, reason) => {
    const { clock, events, serve } = await stunWorld();
    const asked = await serve(server, ({ id }) => message({ ...parts, id }));
    await clock.advance(60_000);
    expect(asked).toHaveLength(1);
    expect(events).toEqual([{ type: 'public-address-failed', reason: `${server}: ${reason}` }]);
  });

  it('is a name that does not resolve', async () => {
    const { clock, events } = await stunWorld(['nowhere']);
    await clock.advance(10);
    expect(events).toEqual([{ type: 'public-address-failed', reason: expect.stringContaining('nowhere') as string }]);
  });
});

describe('the option', () => {
  it('is a short list of names', () => {
    expect(() => udpTransport({ stun: [''] })).toThrow('Option stun');
    expect(() => udpTransport({ stun: Array.from({ length: 9 }, (_, one) => `s${String(one)}:1`) })).toThrow('up to 8');
  });
});
