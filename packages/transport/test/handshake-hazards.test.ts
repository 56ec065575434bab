import type { HandshakePacket } from '@simpledht/wire';
import { minHelloBytes } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { plainSealer } from '../src/plain-sealer.ts';
import { Eavesdropper, forgeHandshake, forgePacket } from './support/forge.ts';
import { message } from './support/link-harness.ts';
import type { Peer, World } from './support/pair.ts';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';

/** B, and a hello to forge others from. */
async function listening(seed: number): Promise<{ all: World; b: Peer; eve: Eavesdropper; hello: HandshakePacket }> {
  const all = world(seed);
  const b = await all.peer(B);
  const c = await all.peer('10.0.0.3:5000');
  const eve = new Eavesdropper(all);
  await settled(all.clock, c.transport.request(B, bytes(3)), 1000);
  const [hello] = eve.handshakes('hello');
  return { all, b, eve, hello: { ...(hello ?? expect.fail()), instance: bytes(8, 77), sourceId: 4711 } };
}

/** The process at the address of `peer` is gone without a word, and what it still sends goes nowhere. */
function kill({ network }: World, peer: Peer): void {
  network.detach(peer.address);
  peer.socket.send = () => undefined;
}

describe('a process that is gone', () => {
  it('cannot confirm the link of the one after it, nor ask in its name', async () => {
    const { all, b, eve, hello } = await listening(1);
    all.network.carry(A, B, forgeHandshake(hello));
    await all.clock.advance(10);
    const oldId = eve.handshakes('accept').at(-1)?.sourceId ?? expect.fail();
    const a = await all.peer(A);
    const reply = a.transport.request(B, Uint8Array.of(2));
    await all.clock.advance(2);
    all.network.carry(A, B, forgePacket(oldId, 0, [message('request', 0, Uint8Array.of(1))]));
    expect(await settled(all.clock, reply, 5000)).toEqual(Uint8Array.of(2));
    expect(b.requests.slice(1)).toEqual([Uint8Array.of(2)]);
  });

  it('does not hold up requests to the one after it', async () => {
    const all = world(2);
    const [a, b] = [await all.peer(A), await all.peer(B)];
    a.transport.request(B, bytes(10)).catch(() => undefined);
    await all.clock.advance(0);
    await a.transport.close();
    await all.peer(A);
    await all.clock.advance(20);
    expect(await settled(all.clock, b.transport.request(A, bytes(10)), 1000)).toHaveLength(10);
  });

  it('costs no request that is made after its link is known to be over', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const all = world(seed, { delayMs: [5, 25] });
      const [a, b] = [await all.peer(A), await all.peer(B)];
      await settled(all.clock, b.transport.request(A, bytes(5)), 2000);
      await all.clock.advance(500);
      kill(all, a);
      const again = await all.peer(A);
      again.transport.request(B, bytes(7)).catch(() => undefined);
      await all.clock.advance(seed % 10);
      const retried = b.transport.request(A, bytes(108)).catch(() => b.transport.request(A, bytes(109)));
      expect((await settled(all.clock, retried, 2000)).length, `seed ${String(seed)}`).toBeGreaterThan(100);
    }
  });

  it('is found out in a round trip by the shortest request', async () => {
    const all = world(4);
    const [a, b] = [await all.peer(A), await all.peer(B)];
    await settled(all.clock, b.transport.request(A, bytes(5)), 2000);
    await all.clock.advance(500);
    kill(all, a);
    await all.peer(A);
    await expect(settled(all.clock, b.transport.request(A, bytes(0)), 10)).rejects.toThrow('peer restarted');
  });
});

describe('a forged hello', () => {
  it('from an address does not keep this side from dialling it', async () => {
    const { all, b, hello } = await listening(5);
    const a = await all.peer(A);
    all.network.carry(A, B, forgeHandshake(hello));
    await all.clock.advance(20);
    expect(await settled(all.clock, b.transport.request(A, bytes(10)), 1000)).toHaveLength(10);
    expect(a.events).toEqual([{ type: 'link-up', address: B }]);
  });

  it('does not end a dial that is under way, nor do many put off its hellos', async () => {
    const { all, b, hello } = await listening(6);
    const reply = b.transport.request(A, bytes(10));
    await all.clock.advance(10);
    for (let sourceId = 1; sourceId <= 50; sourceId++) {
      all.network.carry(A, B, forgeHandshake({ ...hello, instance: new Uint8Array(8), sourceId }));
      await all.clock.advance(10);
    }
    expect(b.transport.counters['hellosOut']).toBeGreaterThanOrEqual(2);
    await all.peer(A);
    expect(await settled(all.clock, reply, 3000)).toHaveLength(10);
  });

  it('just before a request leaves it the full time for its handshake', async () => {
    const { all, b, hello } = await listening(7);
    all.network.carry(A, B, forgeHandshake(hello));
    await all.clock.advance(9990);
    const failed = b.transport.request(A, bytes(10), { timeoutMs: 60_000 });
    failed.catch(() => undefined);
    const fromMs = all.clock.monotonic();
    await expect(settled(all.clock, failed, 20_000)).rejects.toThrow('no answer to the handshake');
    expect(all.clock.monotonic() - fromMs).toBe(10_000);
    expect(b.events.at(-1)).toEqual({ type: 'link-down', address: A, reason: 'no answer to the handshake' });
  });

  it('that is shorter than the longest answer gets none', async () => {
    const { all, b, eve, hello } = await listening(8);
    // Encoded as another type, which is not padded.
    const short = forgeHandshake({ ...hello, type: 'accept' });
    short[1] = 1;
    plainSealer.seal(short, short.length - plainSealer.tagBytes, 0);
    expect(short.length).toBeLessThan(minHelloBytes);
    all.network.carry('10.6.6.6:666', B, short);
    await all.clock.advance(10);
    expect(eve.bytesTo('10.6.6.6:666')).toBe(0);
    expect(b.transport.counters['dropped.short']).toBe(1);
  });
});

describe('a dial that turns into an answer at the end of its time', () => {
  it('has the full time to be confirmed', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const all = world(seed, { delayMs: [40, 60] });
      const b = await all.peer(B);
      b.transport.request(A, bytes(3), { timeoutMs: 30_000 }).catch(() => undefined);
      await all.clock.advance(9880);
      const a = await all.peer(A);
      expect((await settled(all.clock, a.transport.request(B, bytes(4)), 3000)).length, `seed ${String(seed)}`).toBe(4);
    }
  });
});
