import type { HandshakePacket } from '@simpledht/wire';
import { noParameters } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { Eavesdropper, forgeHandshake, forgePacket } from './support/forge.ts';
import { message } from './support/link-harness.ts';
import type { Peer, World } from './support/pair.ts';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';

interface Scene {
  readonly all: World;
  readonly a: Peer;
  readonly b: Peer;
  readonly eve: Eavesdropper;
  readonly hello: HandshakePacket;
}

/** A link between A and B, somebody who sees everything, and a hello to forge others from. */
async function linked(seed: number, settings = {}): Promise<Scene> {
  const all = world(seed);
  const [a, b] = [await all.peer(A), await all.peer(B, settings)];
  const eve = new Eavesdropper(all);
  await settled(all.clock, a.transport.request(B, bytes(50)), 1000);
  await all.clock.advance(1000);
  const [hello] = eve.handshakes('hello');
  return { all, a, b, eve, hello: { ...(hello ?? expect.fail()), instance: bytes(8, 77), sourceId: 4711 } };
}

function dropped({ transport }: Peer, reason: string): number {
  return transport.counters[`dropped.${reason}`] ?? expect.fail(reason);
}

describe('packets of no link', () => {
  const stray = (number: number): Uint8Array => forgePacket(0xdeadbeef, number, [message('request', 0, bytes(9))]);

  it('are looked at as long as the share of their network lasts, which comes back', async () => {
    const { all, b } = await linked(1);
    for (let number = 0; number < 3000; number++) {
      all.network.carry(`198.51.100.${String(number % 250)}:9`, B, stray(number));
    }
    await all.clock.advance(10);
    const looked = dropped(b, 'unknownLink');
    expect(looked).toBeGreaterThanOrEqual(1000);
    expect(looked).toBeLessThanOrEqual(1002);
    expect(dropped(b, 'flood')).toBe(3000 - looked);
    // Another network has its own share, and half a second gives back half of one.
    all.network.carry('198.51.101.1:9', B, stray(0));
    await all.clock.advance(500);
    for (let number = 0; number < 3000; number++) all.network.carry('198.51.100.7:9', B, stray(number));
    await all.clock.advance(10);
    expect(dropped(b, 'unknownLink') - looked - 1).toBeGreaterThan(500);
    expect(dropped(b, 'unknownLink') - looked - 1).toBeLessThan(520);
  });

  it('cost a link in the same network nothing, nor an answer to a hello of ours', async () => {
    const { all, a, b } = await linked(2, { strangerPacketsPerSecond: 1 });
    await all.peer('10.0.0.3:1');
    for (let number = 0; number < 50; number++) all.network.carry('10.0.0.9:9', B, stray(number));
    await all.clock.advance(3);
    expect(await settled(all.clock, a.transport.request(B, bytes(20)), 50)).toHaveLength(20);
    expect(await settled(all.clock, b.transport.request('10.0.0.3:1', bytes(30)), 50)).toHaveLength(30);
    expect(dropped(b, 'flood')).toBeGreaterThanOrEqual(48);
  });

  it('of a peer that was killed do not hide from us that its link is gone', async () => {
    const { all, b, eve, hello } = await linked(3, { strangerPacketsPerSecond: 1 });
    for (let number = 0; number < 50; number++) all.network.carry('10.0.0.9:9', B, stray(number));
    await all.clock.advance(3);
    const reset = { ...hello, type: 'reset' as const, parameters: noParameters, sourceId: 0 };
    all.network.carry(A, B, forgeHandshake({ ...reset, destinationId: eve.connectionId(B, A) }));
    await all.clock.advance(3);
    expect(b.events.map(({ type }) => type)).toEqual(['link-up', 'link-down']);
  });

  it('of ever new networks share one share beyond the bound, and leave no memory behind', async () => {
    const { all, b } = await linked(4, { maxSources: 100, strangerPacketsPerSecond: 50 });
    const spray = (): void => {
      for (let net = 0; net < 2000; net++)
        all.network.carry(`10.${String(1 + (net >> 8))}.${String(net & 255)}.1:9`, B, stray(net));
    };
    spray();
    await all.clock.advance(10);
    expect(dropped(b, 'unknownLink')).toBe(150);
    expect(dropped(b, 'flood')).toBe(1850);
  });
});

describe('hellos', () => {
  const from = (host: number): string => `203.0.113.${String(host)}:9`;

  it('of one host: 5 at once, 20 a second; another host has its own', async () => {
    const { all, b, eve, hello } = await linked(5);
    const say = (host: number): void => {
      for (let port = 0; port < 30; port++)
        all.network.carry(`203.0.113.${String(host)}:${String(port + 1)}`, B, forgeHandshake(hello));
    };
    say(1);
    await all.clock.advance(10);
    const accepts = eve.handshakes('accept').length;
    say(2);
    await all.clock.advance(10);
    expect([accepts, eve.handshakes('accept').length]).toEqual([6, 11]);
    expect(dropped(b, 'helloFlood')).toBe(50);
    await all.clock.advance(1000);
    for (let time = 0; time < 200; time++) {
      all.network.carry(from(3), B, forgeHandshake(hello));
      await all.clock.advance(5);
    }
    // 5 and 20 in that second, give or take the one that is on its way; each is answered.
    expect(eve.handshakes('accept').length - 11).toBeGreaterThanOrEqual(24);
    expect(eve.handshakes('accept').length - 11).toBeLessThanOrEqual(26);
  });

  it('of programs on this machine may come a thousand at a time', async () => {
    const all = world(6);
    const b = await all.peer('127.0.0.1:5000');
    const clients = await Promise.all(
      Array.from({ length: 200 }, (_, port) => all.peer(`127.0.0.1:${String(port + 1)}`)),
    );
    const calls = clients.map(({ transport }) => transport.request('127.0.0.1:5000', bytes(9)));
    expect(await settled(all.clock, Promise.all(calls), 100)).toHaveLength(200);
    expect(dropped(b, 'helloFlood')).toBe(0);
  });

  it('without a token are answered with one when there are many, whoever they are from', async () => {
    const { all, b, eve, hello } = await linked(7, { unprovenHellosPerSecond: 40 });
    for (let host = 1; host <= 30; host++) {
      all.network.carry(from(host), B, forgeHandshake(hello));
      await all.clock.advance(3);
    }
    expect(eve.handshakes('accept').length).toBeGreaterThanOrEqual(10);
    expect(eve.handshakes('retry').length).toBeGreaterThanOrEqual(15);
    // A newcomer gets its token and is in.
    const c = await all.peer('10.0.0.3:5000');
    expect(await settled(all.clock, c.transport.request(B, bytes(3)), 100)).toHaveLength(3);
    expect(dropped(b, 'helloFlood')).toBe(0);
  });

  it('of all hosts together are bounded', async () => {
    const { all, b, hello } = await linked(8, { maxHellosPerSecond: 200 });
    for (let net = 0; net < 500; net++)
      all.network.carry(`10.1.${String(net & 255)}.${String(net >> 8)}:9`, B, forgeHandshake(hello));
    await all.clock.advance(2);
    expect(dropped(b, 'helloFlood')).toBe(450);
  });
});

describe('a full house', () => {
  /** B with 8 links, all quiet, and room for no more. */
  async function full(seed: number): Promise<Scene> {
    const scene = await linked(seed, { maxLinks: 8 });
    for (let host = 1; host <= 7; host++) {
      const peer = await scene.all.peer(`10.0.1.${String(host)}:1`);
      await settled(scene.all.clock, peer.transport.request(B, bytes(3)), 1000);
    }
    await scene.all.clock.advance(1000);
    return scene;
  }

  it('gives up no link for a hello that proves nothing', async () => {
    const { all, b, eve, hello } = await full(9);
    for (let host = 0; host < 50; host++) {
      all.network.carry(`203.0.113.${String(host)}:9`, B, forgeHandshake(hello));
      await all.clock.advance(100);
    }
    expect(b.transport.counters).toMatchObject({ linksUp: 8, linksDown: 0, 'dropped.unproven': 50 });
    expect(eve.handshakes('retry')).toHaveLength(50);
  });

  it('makes room for one that proves its address, at the cost of the quietest', async () => {
    const { all, a, b } = await full(10);
    await settled(all.clock, a.transport.request(B, bytes(3)), 1000);
    const newcomer = await all.peer('10.0.2.1:1');
    expect(await settled(all.clock, newcomer.transport.request(B, bytes(3)), 1000)).toHaveLength(3);
    expect(b.transport.counters).toMatchObject({ linksUp: 9, linksDown: 1 });
    expect(b.events.at(-2)).toEqual({ type: 'link-down', address: '10.0.1.1:1', reason: 'replaced' });
  });

  it('gives up handshakes that nobody confirms before any link', async () => {
    const { all, b, hello } = await linked(11, { maxLinks: 8 });
    for (let host = 1; host <= 7; host++) all.network.carry(`203.0.113.${String(host)}:9`, B, forgeHandshake(hello));
    await all.clock.advance(10);
    for (let host = 1; host <= 7; host++) {
      await all.peer(`10.0.1.${String(host)}:1`);
      await settled(all.clock, b.transport.request(`10.0.1.${String(host)}:1`, bytes(3)), 1000);
    }
    expect(b.transport.counters).toMatchObject({ linksUp: 8, linksDown: 0 });
  });
});

describe('packets of a link that fail their tag', () => {
  const flood = ({ all, eve }: Scene, count: number): void => {
    const bad = forgePacket(eve.connectionId(A, B), 1_000_000, [message('request', 1_000_000, bytes(50))]);
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
    for (let index = 0; index < count; index++) all.network.carry(A, B, bad);
  };

  it('pay like strangers above a thousand a second; the link goes on', async () => {
    const scene = await linked(12);
    const { all, a, b } = scene;
    flood(scene, 10_000);
    await all.clock.advance(5);
    expect(dropped(b, 'tag')).toBeGreaterThanOrEqual(2000);
    expect(dropped(b, 'tag')).toBeLessThan(2020);
    expect(dropped(b, 'tag') + dropped(b, 'tagFlood')).toBe(10_000);
    // What is lost in the flood comes again, and after it nothing is left of it.
    expect(await settled(all.clock, a.transport.request(B, bytes(20)), 1000)).toHaveLength(20);
    await all.clock.advance(2000);
    const [sent, before] = [a.transport.counters['packetsLost'], dropped(b, 'tagFlood')];
    expect(await settled(all.clock, a.transport.request(B, bytes(20)), 10)).toHaveLength(20);
    expect([a.transport.counters['packetsLost'], dropped(b, 'tagFlood')]).toEqual([sent, before]);
    expect([a.events.length, b.events.length]).toEqual([1, 1]);
  });

  it('of one link cost another nothing', async () => {
    const scene = await linked(13);
    const { all } = scene;
    const c = await all.peer('10.0.0.3:5000');
    await settled(all.clock, c.transport.request(B, bytes(3)), 1000);
    flood(scene, 10_000);
    expect(await settled(all.clock, c.transport.request(B, bytes(20)), 10)).toHaveLength(20);
  });
});
