import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { parseHostPort } from '@simpledht/transport';
import { describe, expect, it } from 'vitest';
import { certificates } from './support/certificates.ts';
import { code, open, stranger, types, until } from './support/open.ts';

const of = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const node = { tls: certificates('node') };

describe('TLS', () => {
  it('is what makes a transport secure', async (context) => {
    const [plain, sealed] = [await open(context), await open(context, node)];
    expect([plain.transport.secure, sealed.transport.secure]).toEqual([false, true]);
  });

  it('lets in whoever has a certificate of the authority, both ways', async (context) => {
    const [a, b] = [await open(context, node), await open(context, { tls: certificates('guest') })];
    await Promise.all([a.transport.request(b.address, of(100_000)), b.transport.request(a.address, of(100_000))]);
    expect([types(a), types(b)]).toEqual([['link-up'], ['link-up']]);
  });

  it.each(['as caller', 'as called'])('refuses a certificate of another authority, %s', async (who) => {
    const closing: (() => unknown)[] = [];
    const context = { onTestFinished: (close: unknown) => closing.push(close as () => unknown) } as never;
    const [ours, theirs] = [await open(context, node), await open(context, { tls: certificates('stranger') })];
    const [caller, called] = who === 'as caller' ? [theirs, ours] : [ours, theirs];
    expect(await code(caller.transport.request(called.address, of(1)))).toBe('ERR_LINK_DOWN');
    await until(() => called.transport.counters['dropped.tls'] === 1);
    expect([ours.requests, theirs.requests, types(called)]).toEqual([[], [], []]);
    for (const close of closing) await close();
  });

  it('with a name, refuses certificates that do not carry it, both ways', async (context) => {
    const named = await open(context, { tls: { ...certificates('node'), name: 'node.cluster.test' } });
    const same = await open(context, { tls: { ...certificates('node'), name: 'node.cluster.test' } });
    const guest = await open(context, { tls: certificates('guest') });
    await named.transport.request(same.address, of(1));
    expect(await code(named.transport.request(guest.address, of(1)))).toBe('ERR_LINK_DOWN');
    expect(await code(guest.transport.request(named.address, of(1)))).toBe('ERR_LINK_DOWN');
    expect(guest.requests.length + named.requests.length).toBe(0);
  });

  it('refuses who shows no certificate', async (context) => {
    const ours = await open(context, node);
    const { host, port } = parseHostPort(ours.address);
    const socket = tlsConnect({ host, port, rejectUnauthorized: false });
    socket.on('error', () => undefined).resume();
    await until(() => ours.transport.counters['dropped.tls'] === 1);
  });

  it('refuses who speaks none, and calls nobody who does not', async (context) => {
    const [sealed, plain] = [await open(context, node), await open(context)];
    expect(await code(plain.transport.request(sealed.address, of(1)))).toBe('ERR_LINK_DOWN');
    expect(await code(sealed.transport.request(plain.address, of(1)))).toBe('ERR_LINK_DOWN');
    expect(sealed.transport.counters['dropped.tls']).toBe(1);
    expect(sealed.events).toEqual([{ type: 'link-down', address: plain.address, reason: 'TLS failed' }]);
    expect(plain.transport.counters['dropped.foreign']).toBe(1);
  });

  it('has its time, and only so many may be in the handshake', async (context) => {
    const settings = { helloTimeoutMs: 100, maxPendingHandshakes: 2 };
    const ours = await open(context, { ...node, settings });
    const sockets = await Promise.all(Array.from({ length: 3 }, () => stranger(context, ours)));
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    await until(() => ours.transport.counters['dropped.tls'] === 2);
    expect(ours.transport.counters['dropped.full']).toBe(1);
    await (await open(context, node)).transport.request(ours.address, of(1));
  });

  it('closes while handshakes are pending', async (context) => {
    const ours = await open(context, node);
    const socket = await stranger(context, ours);
    await ours.transport.close();
    if (!socket.destroyed) await once(socket, 'close');
  });
});
