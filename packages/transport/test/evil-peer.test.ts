import type { Frame } from '@simpledht/wire';
import { decodeHandshake, noParameters, packetKind } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { plainSealer } from '../src/plain-sealer.ts';
import { Eavesdropper, forgeHandshake, forgePacket } from './support/forge.ts';
import { message } from './support/link-harness.ts';
import type { Peer, World } from './support/pair.ts';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';
const evil = '10.6.6.6:666';

interface Scene {
  readonly all: World;
  readonly a: Peer;
  readonly b: Peer;
  /** Says hello, and gives how to send packets of the link that it makes; there is a new one whenever B has enough. */
  readonly link: () => Promise<(frames: readonly Frame[]) => void>;
}

/** A and B, and a peer that keeps to the handshake and to nothing else. It acknowledges nothing. */
async function scene(seed: number, settings = {}): Promise<Scene> {
  const all = world(seed);
  const [a, b] = [await all.peer(A), await all.peer(B, settings)];
  const eve = new Eavesdropper(all);
  await settled(all.clock, a.transport.request(B, bytes(50)), 1000);
  const [hello] = eve.handshakes('hello');
  const socket = all.network.socket(evil);
  let connectionId = 0;
  let number = 0;
  await socket.bind({
    onDatagram: (datagram) => {
      if (packetKind(datagram) !== 'handshake') return;
      const { type, sourceId } = decodeHandshake(datagram, plainSealer);
      if (type === 'accept') connectionId = sourceId;
    },
    onError: () => undefined,
  });
  const link = async (): Promise<(frames: readonly Frame[]) => void> => {
    number = 0;
    const parameters = {
      ...noParameters,
      receiveWindowBytes: 1_000_000,
      maxMessageBytes: 1_000_000,
      maxDatagramBytes: 1200,
    };
    const fields = { instance: bytes(8, seed), sourceId: Math.floor(all.clock.monotonic()) + 1, parameters };
    socket.send(forgeHandshake({ ...(hello ?? expect.fail()), ...fields }), B);
    await all.clock.advance(20);
    return (frames) => {
      socket.send(forgePacket(connectionId, number++, frames), B);
    };
  };
  return { all, a, b, link };
}

function fragment(requestId: number, offset: number, totalBytes: number, payload: Uint8Array): Frame {
  return { type: 'message', kind: 'request', requestId, offset, totalBytes, payload };
}

function downs({ events }: Peer): number {
  return events.filter((event) => event.type === 'link-down' && event.address === evil).length;
}

describe('a peer that means ill', () => {
  it('and leaves holes in ever new messages is cut off before it has the memory of all', async () => {
    const limits = { maxMessageBytes: 100_000, receiveWindowBytes: 100_000, maxReassemblyBytes: 500_000 };
    const { all, a, b, link } = await scene(1, limits);
    for (let round = 1; round <= 3; round++) {
      const send = await link();
      for (let index = 0; index < 3000; index++) {
        send([fragment(Math.floor(index / 10), (index % 10) * 128, 100_000, bytes(64))]);
        if (index % 50 === 0) await all.clock.advance(1);
      }
      await all.clock.advance(20);
      // 3 · 200,000 bytes are counted for one link; a message of A has room beside it all the time.
      expect(downs(b)).toBe(round);
      expect(await settled(all.clock, a.transport.request(B, bytes(90_000)), 5000)).toHaveLength(90_000);
      // Its host gets no other link at once.
      await all.clock.advance(1000);
    }
    expect(b.events.filter(({ type }) => type === 'link-down')).toHaveLength(3);
  });

  it.each([
    ['announces more than a message may have', fragment(0, 0, 16_842_753, bytes(10))],
    ['sends past the window of requests', message('request', 4096, bytes(10))],
    ['acknowledges what was never sent', { type: 'ack', delayMs: 0, ranges: [{ first: 5, last: 99 }] } as const],
    ['sends what no version may skip', { type: 'skipped', frameType: 0x33 } as const],
  ])('and %s loses its link and nothing else happens', async (_what, frame) => {
    const { all, a, b, link } = await scene(2);
    const send = await link();
    send([{ type: 'ping' }]);
    send([frame]);
    await all.clock.advance(20);
    expect(downs(b)).toBe(1);
    expect(b.requests).toHaveLength(1);
    expect(await settled(all.clock, a.transport.request(B, bytes(20)), 100)).toHaveLength(20);
  });

  it('and asks what makes no sense is cut off, and gets no other link for a second; nobody else feels it', async () => {
    const { all, a, b, link } = await scene(4, { helloBurst: 100, nonsenseBurst: 10, nonsensePerSecond: 1 });
    b.answer = (payload, reply, blame) => {
      if (payload.length === 7) blame?.();
      else reply(payload);
    };
    const send = await link();
    for (let index = 0; index < 10; index++) send([message('request', index, bytes(7))]);
    await all.clock.advance(20);
    expect(downs(b)).toBe(0);
    for (let index = 10; index < 100; index++) send([message('request', index, bytes(7))]);
    await all.clock.advance(20);
    expect(b.events.at(-1)).toMatchObject({ reason: 'protocol error' });
    expect(b.requests.length).toBeLessThan(15);
    const made = b.transport.counters['linksUp'] ?? expect.fail();
    (await link())([message('request', 0, bytes(20))]);
    await all.clock.advance(20);
    expect(b.transport.counters['linksUp']).toBe(made);
    expect(b.transport.counters['dropped.helloFlood']).toBe(1);
    await all.clock.advance(800);
    await link();
    expect(b.transport.counters['linksUp']).toBe(made);
    expect(b.transport.counters['dropped.helloFlood']).toBe(2);
    expect(await settled(all.clock, a.transport.request(B, bytes(20)), 100)).toHaveLength(20);
    await all.clock.advance(1100);
    (await link())([message('request', 0, bytes(20))]);
    await all.clock.advance(20);
    expect(b.transport.counters['linksUp']).toBe(made + 1);
  });

  it('and now and then asks what makes no sense keeps its link: it may be a newer one', async () => {
    const { all, b, link } = await scene(5, { nonsenseBurst: 2, nonsensePerSecond: 1 });
    b.answer = (_payload, _reply, blame) => blame?.();
    const send = await link();
    for (let index = 0; index < 10; index++) {
      send([message('request', index, bytes(7))]);
      await all.clock.advance(1000);
    }
    expect(b.requests).toHaveLength(11);
    expect(downs(b)).toBe(0);
  });

  it('and takes no replies is cut off when too many wait', async () => {
    const { all, b, link } = await scene(3, { maxReplyBytes: 200_000 });
    b.answer = (_payload, reply) => {
      reply(bytes(10_000));
    };
    const send = await link();
    for (let index = 0; index < 100; index++) send([message('request', index, bytes(20))]);
    await all.clock.advance(20);
    expect(downs(b)).toBe(1);
    expect(b.events.at(-1)).toMatchObject({ reason: 'too much unanswered' });
  });
});
