import { minHelloBytes, noParameters } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { Eavesdropper, forgeHandshake, forgePacket } from './support/forge.ts';
import { message } from './support/link-harness.ts';
import type { Peer, World } from './support/pair.ts';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';
const stranger = '10.6.6.6:666';

/** A link between A and B, and somebody who sees everything. */
async function linked(seed: number): Promise<{ all: World; a: Peer; b: Peer; eve: Eavesdropper }> {
  const all = world(seed);
  const [a, b] = [await all.peer(A), await all.peer(B)];
  const eve = new Eavesdropper(all);
  await settled(all.clock, a.transport.request(B, bytes(500)), 1000);
  await all.clock.advance(1000);
  return { all, a, b, eve };
}

describe('strangers', () => {
  it('get no more bytes than they send, packet by packet, whatever they send', async () => {
    const { all, eve } = await linked(1);
    const cutShort = eve.seen.flatMap(({ datagram }) =>
      Array.from({ length: datagram.length }, (_, length) => datagram.slice(0, length + 1)),
    );
    let answered = 0;
    for (const datagram of cutShort) {
      const before = eve.bytesTo(stranger);
      all.network.carry(stranger, B, datagram);
      await all.clock.advance(15);
      const answerBytes = eve.bytesTo(stranger) - before;
      if (answerBytes > 0) answered++;
      expect(answerBytes).toBeLessThanOrEqual(Math.min(datagram.length, minHelloBytes));
    }
    expect(answered).toBeGreaterThan(0);
    await all.clock.advance(30_000);
  });

  it('get at most 100 resets a second', async () => {
    const { all, b, eve } = await linked(2);
    for (let number = 0; number < 500; number++) {
      all.network.carry(stranger, B, forgePacket(0xdeadbeef, number, [message('request', 0, bytes(50))]));
    }
    await all.clock.advance(500);
    expect(eve.handshakes('reset')).toHaveLength(100);
    expect(b.transport.counters['dropped.unknownLink']).toBe(500);
  });

  it('cannot speak for a peer from another address, though they know the connection id', async () => {
    const { all, b, eve } = await linked(3);
    const packet = forgePacket(eve.connectionId(A, B), 1000, [message('request', 1, bytes(9))]);
    all.network.carry(stranger, B, packet);
    await all.clock.advance(100);
    expect(b.requests).toHaveLength(1);
    // The same packet from the address of the peer is taken: the address was the difference.
    all.network.carry(A, B, packet);
    await all.clock.advance(100);
    expect(b.requests).toHaveLength(2);
  });

  it('cannot end a link by a reset without its connection id', async () => {
    const { all, a, eve } = await linked(4);
    const [hello] = eve.handshakes('hello');
    const reset = { ...(hello ?? expect.fail()), type: 'reset' as const, parameters: noParameters };
    all.network.carry(B, A, forgeHandshake({ ...reset, destinationId: 12_345 }));
    await all.clock.advance(100);
    expect(a.events.map(({ type }) => type)).toEqual(['link-up']);
    all.network.carry(B, A, forgeHandshake({ ...reset, destinationId: eve.connectionId(A, B) }));
    await all.clock.advance(100);
    expect(a.events.map(({ type }) => type)).toEqual(['link-up', 'link-down']);
  });

  it('make nothing of a hello that comes again', async () => {
    const { all, a, b, eve } = await linked(5);
    const [hello] = eve.seen;
    const before = eve.seen.length;
    all.network.carry(A, B, hello?.datagram ?? expect.fail());
    await all.clock.advance(30_000);
    // Nothing but the hello itself.
    expect(eve.seen.length - before).toBe(1);
    expect([a.events.length, b.events.length]).toEqual([1, 1]);
  });
});

describe('many handshakes', () => {
  async function helloOfA(all: World): Promise<ReturnType<Eavesdropper['handshakes']>[number]> {
    const a = await all.peer(A);
    const eve = new Eavesdropper(all);
    a.transport.send('10.0.0.78:1', bytes(1));
    await all.clock.advance(1);
    await a.transport.close();
    return eve.handshakes('hello')[0] ?? expect.fail();
  }

  it('need a proof of the address, good for that address alone', async () => {
    const all = world(6);
    const b = await all.peer(B, { retryAbovePending: 2 });
    const hello = forgeHandshake(await helloOfA(all));
    const eve = new Eavesdropper(all);
    for (const host of [1, 2]) all.network.carry(`10.9.9.${String(host)}:9`, B, hello);
    await all.clock.advance(50);
    expect(eve.handshakes('accept')).toHaveLength(2);
    all.network.carry('10.9.9.3:9', B, hello);
    await all.clock.advance(50);
    const [retry] = eve.handshakes('retry');
    const proven = forgeHandshake({
      ...(eve.handshakes('hello')[0] ?? expect.fail()),
      token: retry?.token ?? expect.fail(),
    });
    all.network.carry('10.9.9.4:9', B, proven);
    await all.clock.advance(50);
    expect(eve.handshakes('accept')).toHaveLength(2);
    all.network.carry('10.9.9.3:9', B, proven);
    await all.clock.advance(50);
    expect(eve.handshakes('accept')).toHaveLength(3);
    expect(b.transport.counters['dropped.unproven']).toBe(2);
  });

  it('are not begun above the bound, and are forgotten after 10 s', async () => {
    const all = world(7);
    const b = await all.peer(B, { maxPendingHandshakes: 3 });
    const hello = forgeHandshake(await helloOfA(all));
    const eve = new Eavesdropper(all);
    for (let host = 0; host < 10; host++) all.network.carry(`10.9.9.${String(host)}:9`, B, hello);
    await all.clock.advance(50);
    expect(eve.handshakes('accept')).toHaveLength(3);
    expect(b.transport.counters['dropped.full']).toBe(7);
    await all.clock.advance(11_000);
    all.network.carry('10.9.9.99:9', B, hello);
    await all.clock.advance(50);
    expect(eve.handshakes('accept')).toHaveLength(4);
    expect(b.events).toEqual([]);
  });

  it('leave room for a peer that proves its address', async () => {
    const all = world(8);
    const b = await all.peer(B, { retryAbovePending: 2 });
    const hello = forgeHandshake(await helloOfA(all));
    for (let host = 0; host < 50; host++) all.network.carry(`10.9.9.${String(host)}:9`, B, hello);
    await all.clock.advance(50);
    const c = await all.peer('10.0.0.3:5000');
    await settled(all.clock, c.transport.request(B, bytes(3)), 1000);
    expect(b.events).toHaveLength(1);
  });

  it('are not made by forged retries: one token per dial', async () => {
    const all = world(9);
    const a = await all.peer(A);
    const eve = new Eavesdropper(all);
    a.transport.send(B, bytes(1));
    await all.clock.advance(1);
    const [hello] = eve.handshakes('hello');
    for (let index = 0; index < 20; index++) {
      const token = bytes(16, index);
      const retry = { ...(hello ?? expect.fail()), type: 'retry' as const, parameters: noParameters };
      all.network.carry(B, A, forgeHandshake({ ...retry, destinationId: retry.sourceId, sourceId: 0, token }));
      await all.clock.advance(5);
    }
    expect(eve.handshakes('hello')).toHaveLength(2);
  });
});
