import { noParameters, packetKind } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { newSecret, seededRandom } from '../src/index.ts';
import { plainSealer } from '../src/plain-sealer.ts';
import { Eavesdropper, forgeHandshake } from './support/forge.ts';
import type { Peer, World } from './support/pair.ts';
import { bytes, settled, world } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';
const secret = newSecret(seededRandom(1));
const other = newSecret(seededRandom(2));

async function pair(
  seed: number,
  options = {},
  settings = {},
): Promise<{ all: World; a: Peer; b: Peer; eve: Eavesdropper }> {
  const all = world(seed, options);
  const [a, b] = [await all.peer(A, settings, secret), await all.peer(B, settings, secret)];
  return { all, a, b, eve: new Eavesdropper(all) };
}

/** A request from one to another, to its end. */
function ask({ clock }: World, from: Peer, to: Peer, payload: Uint8Array = bytes(10)): Promise<Uint8Array> {
  return settled(clock, from.transport.request(to.address, payload), 20_000);
}

function isHeldIn(haystack: Uint8Array, needle: Uint8Array): boolean {
  return Buffer.from(haystack).includes(Buffer.from(needle));
}

describe('links with a secret', () => {
  it('carry messages of all sizes, and nothing of them can be read on the way', async () => {
    const { all, a, b, eve } = await pair(1);
    for (const size of [1, 100, 5000, 300_000]) {
      const payload = bytes(size, size);
      expect(await ask(all, a, b, payload)).toEqual(payload);
      const part = payload.subarray(0, 24);
      if (size >= 24) expect(eve.seen.some(({ datagram }) => isHeldIn(datagram, part))).toBe(false);
    }
    a.transport.send(B, bytes(100, 9));
    await all.clock.advance(10);
    expect(b.datagrams).toEqual([bytes(100, 9)]);
  });

  it('take one round trip to make, as those without one, and no answer is longer than the hello', async () => {
    const { all, a, b, eve } = await pair(2, { delayMs: [10, 10] });
    await ask(all, a, b);
    expect(all.clock.monotonic()).toBe(40);
    const [hello, accept] = eve.seen;
    expect([hello?.datagram.length, hello?.to, accept?.to]).toEqual([144, B, A]);
    expect(accept?.datagram.length).toBeLessThanOrEqual(144);
  });

  it.each([3, 4, 5, 6])(
    'work over a network that loses, repeats and reorders, with keys that change (seed %i)',
    async (seed) => {
      const { all, a, b, eve } = await pair(seed, {}, { rekeyAfterMs: 200 });
      for (const { socket } of [a, b]) socket.setFaults({ lose: 0.1, duplicate: 0.1, reorder: 0.2, reorderMs: 20 });
      for (let round = 0; round < 30; round++) {
        const payload = bytes(1 + round * 700, round);
        expect(await ask(all, round % 2 === 0 ? a : b, round % 2 === 0 ? b : a, payload)).toEqual(payload);
      }
      expect([...a.requests, ...b.requests]).toHaveLength(30);
      const phases = new Set(eve.seen.map(({ from, datagram }) => `${from} ${String((datagram[0] ?? 0) & 0xb0)}`));
      expect([...phases].filter((phase) => / (32|48)$/.test(phase))).toHaveLength(4);
    },
  );

  it('are made when both dial at once', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { all, a, b } = await pair(seed);
      const both = Promise.all([a.transport.request(B, bytes(3)), b.transport.request(A, bytes(4))]);
      expect((await settled(all.clock, both, 5000)).map(({ length }) => length)).toEqual([3, 4]);
    }
  });
});

describe('who has another secret, or none', () => {
  it.each([
    ['another', other],
    ['none', undefined],
  ])('gets no byte in answer (%s), and people are told', async (_name, theirs) => {
    const all = world(7);
    const [a, b] = [await all.peer(A, {}, secret), await all.peer(B, {}, theirs)];
    const eve = new Eavesdropper(all);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      await expect(ask(all, from, to)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      await all.clock.advance(10_000);
    }
    // Each says its hellos, and answers none.
    expect(new Set(eve.seen.map(({ datagram }) => datagram[1]))).toEqual(new Set([1]));
    for (const { transport, events } of [a, b]) {
      expect(transport.counters['dropped.secret']).toBeGreaterThan(3);
      const told = events.flatMap((event) => (event.type === 'error' ? [event.error] : []));
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ code: 'ERR_OTHER_SECRET' });
    }
  });

  it('is found out while another keeps its secret: a ring of two reaches those with either', async () => {
    const all = world(8);
    const old = await all.peer('10.0.0.3:5000', {}, secret);
    const both = await all.peer(A, {}, [other, secret]);
    const fresh = await all.peer(B, {}, other);
    for (const [from, to] of [
      [both, old],
      [both, fresh],
      [old, both],
      [fresh, both],
    ] as const) {
      expect(await ask(all, from, to)).toHaveLength(10);
    }
    await expect(ask(all, old, fresh)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});

describe('who stands in between', () => {
  it('cannot change a byte that a handshake says', async () => {
    for (const whose of ['hello', 'accept'] as const) {
      for (const at of [1, 4, 7, 12, 14, 15, 16, 20, 27, 28, 33, 62, 78, 84, 88]) {
        const { all, a, b } = await pair(at);
        const untamper = tamper(whose === 'hello' ? a : b, at);
        const reply = a.transport.request(B, bytes(10), { timeoutMs: 60_000 });
        await all.clock.advance(3000);
        expect([whose, at, ...b.requests]).toEqual([whose, at]);
        untamper();
        expect(await settled(all.clock, reply, 60_000)).toHaveLength(10);
      }
    }
  });

  it('cannot refuse in the name of the peer, whose own refusal counts', async () => {
    const { all, a, b, eve } = await pair(30, { delayMs: [5, 5] }, { maxLinks: 1 });
    const reply = a.transport.request(B, bytes(10), { timeoutMs: 60_000 });
    await all.clock.advance(1);
    const [hello] = eve.handshakes('hello');
    if (hello === undefined) return expect.fail();
    const reject = { ...hello, type: 'reject' as const, destinationId: hello.sourceId, sourceId: 0 };
    for (const keyExchange of [new Uint8Array(0), new Uint8Array(16)]) {
      all.network.carry(B, A, forgeHandshake({ ...reject, keyExchange, parameters: { ...noParameters, reason: 2 } }));
    }
    expect(await settled(all.clock, reply, 1000)).toHaveLength(10);
    // B has the one link that it may have, and owes a reply on it.
    b.answer = () => undefined;
    a.transport.request(B, bytes(10), { timeoutMs: 60_000 }).catch(() => undefined);
    b.transport.request(A, bytes(10), { timeoutMs: 60_000 }).catch(() => undefined);
    a.answer = () => undefined;
    await all.clock.advance(100);
    const c = await all.peer('10.0.0.3:5000', {}, secret);
    await expect(ask(all, c, b)).rejects.toThrow('too many links');
  });

  it('cannot answer who has no secret with a key exchange', async () => {
    const all = world(31, { delayMs: [5, 5] });
    const eve = new Eavesdropper(all);
    const a = await all.peer(A);
    a.transport.request(B, bytes(10)).catch(() => undefined);
    await all.clock.advance(1);
    const [hello] = eve.handshakes('hello');
    if (hello === undefined) return expect.fail();
    const accept = {
      ...hello,
      type: 'accept' as const,
      destinationId: hello.sourceId,
      sourceId: 7,
      instance: bytes(8),
    };
    all.network.carry(B, A, forgeHandshake({ ...accept, keyExchange: new Uint8Array(65) }));
    await all.clock.advance(6);
    expect([a.transport.counters['linksUp'], a.transport.counters['dropped.secret']]).toEqual([0, 1]);
  });

  it('is of no use to a process that starts again while its first hello is answered', async () => {
    const { all, a } = await pair(32, { delayMs: [5, 5] });
    a.transport.request(B, bytes(10)).catch(() => undefined);
    await all.clock.advance(6);
    all.network.detach(A);
    a.socket.send = () => undefined;
    const again = await all.peer(A, {}, secret);
    const startedMs = all.clock.monotonic();
    expect(await settled(all.clock, again.transport.request(B, bytes(10)), 5000)).toHaveLength(10);
    expect(all.clock.monotonic() - startedMs).toBe(20);
  });

  it('cannot end a link with a reset, a reject or a hello, and a link that is forgotten ends all the same', async () => {
    const { all, a, b, eve } = await pair(20);
    await ask(all, a, b);
    const [accept] = eve.handshakes('accept');
    const [hello] = eve.handshakes('hello');
    if (accept === undefined || hello === undefined) return expect.fail();
    all.network.carry(B, A, forgeHandshake({ ...accept, type: 'reset', destinationId: accept.sourceId, sourceId: 0 }));
    all.network.carry(
      B,
      A,
      forgeHandshake({ ...accept, type: 'reset', destinationId: accept.sourceId, instance: bytes(8) }),
    );
    all.network.carry(A, B, forgeHandshake({ ...hello, instance: bytes(8, 3) }));
    await all.clock.advance(5000);
    expect(await ask(all, a, b)).toHaveLength(10);
    expect([a, b].map(({ transport }) => transport.counters['linksUp'])).toEqual([1, 1]);
    all.network.detach(B);
    b.socket.send = () => undefined;
    const again = await all.peer(B, {}, secret);
    const startedMs = all.clock.monotonic();
    await expect(ask(all, a, again)).rejects.toMatchObject({ code: 'ERR_LINK_DOWN' });
    expect(all.clock.monotonic() - startedMs).toBeLessThan(1000);
    expect(await ask(all, a, again)).toHaveLength(10);
    expect(a.events.map(({ type }) => type)).toContain('link-restarted');
  });

  it('gets nothing for what it recorded: hellos make no link, packets are dropped as repeated', async () => {
    const { all, a, b, eve } = await pair(21);
    await ask(all, a, b);
    const recorded = eve.seen.filter(({ to }) => to === B).map(({ datagram }) => datagram);
    for (const datagram of recorded) all.network.carry(A, B, datagram.slice());
    for (const datagram of recorded) all.network.carry('10.0.0.66:1', B, datagram.slice());
    await all.clock.advance(20_000);
    expect(b.requests).toHaveLength(1);
    expect(b.transport.counters['linksUp']).toBe(1);
    expect(b.transport.counters['dropped.repeated']).toBeGreaterThan(0);
    expect(await ask(all, a, b)).toHaveLength(10);
  });
});

/** Changes a byte of each handshake packet of a peer, and makes its checksum right again; gives what ends it. */
function tamper({ socket }: Peer, at: number): () => void {
  const send = socket.send.bind(socket);
  socket.send = (datagram, to) => {
    if (packetKind(datagram) !== 'handshake') {
      send(datagram, to);
      return;
    }
    const changed = datagram.with(at, (datagram[at] ?? 0) ^ 1);
    plainSealer.seal(changed, 0, 0);
    send(changed, to);
  };
  return () => {
    socket.send = send;
  };
}
