import { describe, expect, it } from 'vitest';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';

describe('making a link', () => {
  it('takes one hello and one accept, and the first packet confirms it', async () => {
    const { clock, network, peer } = world(1);
    const a = await peer(A);
    const b = await peer(B);
    const seen: string[] = [];
    network.onDatagram = (from, _to, datagram) =>
      seen.push(`${from === A ? 'a' : 'b'}${String((datagram[0] ?? 0) >> 7)}`);
    await settled(clock, a.transport.request(B, bytes(10)), 1000);
    expect(seen).toEqual(['a1', 'b1', 'a0', 'b0']);
    expect(a.events).toEqual([{ type: 'link-up', address: B }]);
    expect(b.events).toEqual([{ type: 'link-up', address: A }]);
  });

  it('repeats the hello after 333 ms, doubling up to 2 s, ± 20 %, and gives up after 10 s', async () => {
    const { clock, network, peer } = world(2);
    const a = await peer(A);
    const helloMs: number[] = [];
    network.onDatagram = () => helloMs.push(clock.monotonic());
    const failed = a.transport.request(B, bytes(10), { timeoutMs: 60_000 });
    await expect(settled(clock, failed, 20_000)).rejects.toMatchObject({ code: 'ERR_LINK_DOWN' });
    expect(clock.monotonic()).toBe(10_000);
    const waitsMs = helloMs.slice(1).map((atMs, index) => atMs - (helloMs[index] ?? 0));
    [333, 666, 1332, 2000, 2000].forEach((nominalMs, index) => {
      expect(Math.abs((waitsMs[index] ?? 0) / nominalMs - 1)).toBeLessThanOrEqual(0.2001);
    });
    expect(helloMs.length).toBeLessThanOrEqual(9);
    expect(a.events).toEqual([{ type: 'link-down', address: B, reason: 'no answer to the handshake' }]);
  });

  it('makes one link when both dial at once, and no request is lost', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { clock, peer } = world(seed, { delayMs: [1, 30] });
      const a = await peer(A);
      const b = await peer(B);
      const both = Promise.all([a.transport.request(B, bytes(10)), b.transport.request(A, bytes(20))]);
      expect((await settled(clock, both, 5000)).map(({ length }) => length)).toEqual([10, 20]);
      await clock.advance(20_000);
      expect(a.events).toEqual([{ type: 'link-up', address: B }]);
      expect(b.events).toEqual([{ type: 'link-up', address: A }]);
    }
  });

  it('to oneself fails at once', async () => {
    const { clock, peer } = world(1);
    const a = await peer(A);
    await expect(settled(clock, a.transport.request(A, bytes(1)), 100)).rejects.toThrow('own address');
  });

  it('to a peer of another cluster gets no answer at all', async () => {
    const { clock, network, peer } = world(1);
    const a = await peer(A);
    const b = await peer(B, { clusterTag: 7 });
    const failed = a.transport.request(B, bytes(1), { timeoutMs: 3000 });
    await expect(settled(clock, failed, 5000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(b.transport.counters['dropped.cluster']).toBeGreaterThan(0);
    expect(b.transport.counters['datagramsOut']).toBe(0);
    expect(network.counters.datagrams).toBeGreaterThan(0);
  });
});

describe('a link', () => {
  it('is silent when nothing is to be said', async () => {
    const { clock, network, peer } = world(3);
    const a = await peer(A);
    const b = await peer(B);
    const both = Promise.all([a.transport.request(B, bytes(10)), b.transport.request(A, bytes(50_000))]);
    await settled(clock, both, 1000);
    await clock.advance(100);
    const { datagrams } = network.counters;
    await clock.advance(60_000);
    expect(network.counters.datagrams).toBe(datagrams);
  });

  it('costs three datagrams for a request alone: request, reply with acknowledgement, acknowledgement', async () => {
    const { clock, network, peer } = world(3);
    const a = await peer(A);
    await peer(B);
    await settled(clock, a.transport.request(B, bytes(10)), 1000);
    await clock.advance(1000);
    const { datagrams } = network.counters;
    await settled(clock, a.transport.request(B, bytes(10)), 1000);
    await clock.advance(10_000);
    expect(network.counters.datagrams - datagrams).toBe(3);
  });

  it('goes down when the peer is gone, and what waits is rejected; the next request dials anew', async () => {
    const { clock, peer } = world(4);
    const a = await peer(A);
    const b = await peer(B);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    a.socket.cut(B);
    const failed = a.transport.request(B, bytes(1), { timeoutMs: 60_000 });
    await expect(settled(clock, failed, 60_000)).rejects.toMatchObject({ code: 'ERR_LINK_DOWN' });
    expect(clock.monotonic()).toBeLessThan(15_000);
    a.socket.heal();
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    await clock.advance(1000);
    const names = a.events.map((event) => ('reason' in event ? event.reason : event.type));
    expect(names).toEqual(['link-up', 'unreachable', 'link-up']);
    expect(b.events.map(({ type }) => type)).toEqual(['link-up', 'link-down', 'link-up']);
    expect(b.requests).toHaveLength(2);
  });

  it('to a process that was started anew is found out in one round trip', async () => {
    const { clock, peer } = world(5);
    const a = await peer(A);
    const b = await peer(B);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    // As if it was killed: no goodbye.
    b.socket.cut(A);
    await b.transport.close();
    const again = await peer(B);
    const failed = a.transport.request(B, bytes(40));
    await expect(settled(clock, failed, 100)).rejects.toThrow('peer restarted');
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    expect(a.events.map(({ type }) => type)).toEqual(['link-up', 'link-down', 'link-restarted', 'link-up']);
    expect(again.requests).toHaveLength(1);
  });

  it('is replaced by the one that a restarted peer dials, once that is confirmed', async () => {
    const { clock, peer } = world(6);
    const a = await peer(A);
    const b = await peer(B);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    b.socket.cut(A);
    await b.transport.close();
    const again = await peer(B);
    await settled(clock, again.transport.request(A, bytes(9)), 1000);
    expect(a.events.map(({ type }) => type)).toEqual(['link-up', 'link-down', 'link-restarted', 'link-up']);
    await settled(clock, a.transport.request(B, bytes(9)), 1000);
    expect(again.requests).toHaveLength(1);
  });

  it('is not touched by a hello that nobody confirms', async () => {
    const { clock, network, peer } = world(7);
    const a = await peer(A);
    const b = await peer(B);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    // Hellos of a stranger in the name of A: answers go to A, who asked for nothing.
    const stranger = await peer('10.0.0.3:5000');
    const hellos: Uint8Array[] = [];
    network.onDatagram = (_from, _to, datagram) => hellos.push(datagram.slice());
    stranger.transport.send('10.0.0.4:5000', bytes(1));
    await clock.advance(100);
    network.onDatagram = undefined;
    for (const hello of hellos) network.carry(A, B, hello);
    await clock.advance(30_000);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    expect(a.events).toHaveLength(1);
    expect(b.events).toHaveLength(1);
  });

  it('makes room for another when there are too many and it is quiet', async () => {
    const { clock, peer } = world(8);
    const a = await peer(A, { maxLinks: 2 });
    for (let index = 0; index < 5; index++) {
      const address = `10.0.1.${String(index)}:5000`;
      await peer(address);
      await settled(clock, a.transport.request(address, bytes(1)), 1000);
      await clock.advance(100);
    }
    expect(a.events.filter(({ type }) => type === 'link-down')).toHaveLength(3);
  });

  it('is refused when there are too many and none is quiet', async () => {
    const { clock, peer } = world(9);
    const a = await peer(A, { maxLinks: 1 });
    const b = await peer(B);
    const c = await peer('10.0.0.3:5000');
    b.answer = () => undefined;
    const waiting = a.transport.request(B, bytes(1));
    await clock.advance(100);
    await expect(a.transport.request(c.address, bytes(1))).rejects.toMatchObject({ code: 'ERR_LIMIT_REACHED' });
    const refused = c.transport.request(A, bytes(1));
    await expect(settled(clock, refused, 1000)).rejects.toThrow('too many links');
    await expect(settled(clock, waiting, 6000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});

describe('requests', () => {
  it('time out at their time, abort with the reason, and are answered once', async () => {
    const { clock, peer } = world(10);
    const a = await peer(A);
    const b = await peer(B);
    b.answer = (payload, reply) => {
      if (payload.length === 1) return;
      reply(bytes(2));
      reply(bytes(3));
    };
    const startMs = clock.monotonic();
    await expect(settled(clock, a.transport.request(B, bytes(1), { timeoutMs: 700 }), 6000)).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    expect(clock.monotonic() - startMs).toBe(700);
    const abort = new AbortController();
    const aborted = a.transport.request(B, bytes(1), { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(a.transport.request(B, bytes(1), { signal: abort.signal })).rejects.toThrow('enough');
    expect(await settled(clock, a.transport.request(B, bytes(5)), 1000)).toEqual(bytes(2));
    await clock.advance(100);
    // The second answer was not even sent.
    expect(a.transport.counters['repliesUnwanted']).toBe(0);
  });

  it('that a handler fails on are reported there, and the link goes on', async () => {
    const { clock, peer } = world(11);
    const a = await peer(A);
    const b = await peer(B);
    b.answer = () => {
      throw new Error('handler');
    };
    const failed = a.transport.request(B, bytes(1), { timeoutMs: 100 });
    await expect(settled(clock, failed, 1000)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(b.events).toContainEqual({ type: 'error', error: new Error('handler') });
    b.answer = (payload, reply) => {
      reply(payload);
    };
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
  });

  it('are all rejected by close, which tells the peers', async () => {
    const { clock, peer } = world(12);
    const a = await peer(A);
    const b = await peer(B);
    b.answer = () => undefined;
    const up = a.transport.request(B, bytes(1));
    await clock.advance(100);
    const dialling = a.transport.request('10.0.0.9:1', bytes(1));
    const closing = a.transport.close();
    await expect(up).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(dialling).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await closing;
    await a.transport.close();
    await expect(a.transport.request(B, bytes(1))).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await clock.advance(100);
    expect(b.events.at(-1)).toEqual({ type: 'link-down', address: A, reason: 'closed by peer' });
  });

  it('that are answered in the turn in which the transport closes get their replies', async () => {
    const { clock, peer } = world(1, { delayMs: [1, 1] });
    const a = await peer(A);
    const b = await peer(B);
    await settled(clock, a.transport.request(B, bytes(1)), 1000);
    b.answer = (payload, reply) => {
      reply(payload);
      void b.transport.close();
    };
    const reply = await settled(clock, a.transport.request(B, bytes(500)), 1000);
    expect(reply).toHaveLength(500);
  });

  it('too long to be carried are refused before anything is sent', async () => {
    const { network, peer } = world(13);
    const a = await peer(A, { maxMessageBytes: 100 });
    await expect(a.transport.request(B, bytes(101))).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' });
    expect(() => {
      a.transport.send(B, bytes(a.transport.maxDatagramBytes + 1));
    }).toThrow('at most');
    expect(network.counters.datagrams).toBe(0);
  });
});

describe('memory for partial messages', () => {
  it('may be far too small for all that comes at once: everything arrives all the same', async () => {
    const { clock, peer } = world(21, { delayMs: [1, 3] });
    const b = await peer(B, { maxReassemblyBytes: 100_000 });
    const senders = await Promise.all([1, 2, 3, 4].map((host) => peer(`10.0.1.${String(host)}:5000`)));
    const all = Promise.all(
      senders.map(({ transport }, index) => transport.request(B, bytes(300_000, index), { timeoutMs: 300_000 })),
    );
    const replies = await settled(clock, all, 300_000);
    replies.forEach((reply, index) => {
      expect(Buffer.compare(reply, bytes(300_000, index))).toBe(0);
    });
    expect(b.transport.counters['dropped.reassemblyFull']).toBeGreaterThan(0);
    expect(b.requests).toHaveLength(4);
  });
});
