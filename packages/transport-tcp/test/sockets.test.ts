import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseHostPort } from '@simpledht/transport';
import { protocolVersion } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { frameType, piecesOf } from '../src/core/frame.ts';
import { encodeHello } from '../src/core/hello.ts';
import { tcpTransport } from '../src/index.ts';
import { code, open, stranger, types, until, type Opened } from './support/open.ts';

const of = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const portOf = ({ address }: Opened): number => parseHostPort(address).port;

function connections({ transport: { counters } }: Opened): number {
  const { dials = 0, accepts = 0, disconnects = 0 } = counters;
  return dials + accepts - disconnects;
}

function hello(port: number, fill: number): Uint8Array {
  const payload = encodeHello({ versions: protocolVersion, clusterTag: 0, instance: of(8, fill), port });
  return Buffer.concat(piecesOf([{ type: frameType.hello, id: 0, payload }]));
}

describe('connections', () => {
  it('one is used both ways, and each side knows the other by where it listens', async (context) => {
    const [a, b] = [await open(context), await open(context)];
    await a.transport.request(b.address, of(1));
    await b.transport.request(a.address, of(1));
    expect([a.requests[0]?.from, b.requests[0]?.from]).toEqual([b.address, a.address]);
    const { dials, accepts } = a.transport.counters;
    expect([dials, accepts, b.transport.counters['dials']]).toEqual([1, 0, 0]);
  });

  it('of two that cross one stays, and no request on the other one is lost', async (context) => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await open(context), await open(context)];
      const calls = [a.transport.request(b.address, of(1)), b.transport.request(a.address, of(1))];
      for (let turn = 0; turn < 20; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        calls.push(a.transport.request(b.address, of(20_000)), b.transport.request(a.address, of(20_000)));
      }
      await Promise.all(calls);
      expect([types(a), types(b)]).toEqual([['link-up'], ['link-up']]);
      for (const side of [a, b]) await until(() => connections(side) === 1);
      await Promise.all([a.transport.close(), b.transport.close()]);
    }
  });

  it('what waits for a call that hangs goes on the connection that the peer makes', async (context) => {
    const node = await open(context);
    const mute = createServer((socket) => socket.on('error', () => undefined));
    context.onTestFinished(() => {
      mute.close();
    });
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const bound = mute.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    node.transport.request(`127.0.0.1:${String(port)}`, of(100)).catch(() => undefined);
    const peer = await stranger(context, node);
    let heard = 0;
    peer.on('data', ({ length }: Buffer) => (heard += length));
    peer.write(hello(port, 9));
    // Its hello, and the request.
    await until(() => heard === 30 + 108);
  });

  it('those that have said who they are do not count as pending', async (context) => {
    const node = await open(context, { settings: { maxPendingHandshakes: 1 } });
    for (let peers = 0; peers < 3; peers++) await (await open(context)).transport.request(node.address, of(1));
  });

  it('who asks for much at once, and takes it, gets all of it', async (context) => {
    const asker = await open(context);
    const answerer = await open(context, { settings: { maxReplyBytes: 1000 } });
    const replies = Array.from({ length: 200 }, () => asker.transport.request(answerer.address, of(5000)));
    expect(await Promise.all(replies)).toHaveLength(200);
  });

  it('a client that listens nowhere is answered, and called, on its own connection', async (context) => {
    const node = await open(context);
    const client = await open(context, { listen: false });
    await client.transport.request(node.address, of(1));
    const from = node.requests[0]?.from ?? '';
    expect(parseHostPort(from).host).toBe('127.0.0.1');
    expect(await node.transport.request(from, of(3))).toEqual(of(3));
    expect(client.requests[0]?.from).toBe(node.address);
  });

  it('the next request makes a new one', async (context) => {
    const asker = await open(context);
    const first = await open(context);
    await asker.transport.request(first.address, of(1));
    await first.transport.close();
    await until(() => types(asker).includes('link-down'));
    expect(await code(asker.transport.request(first.address, of(1)))).toBe('ERR_LINK_DOWN');
    await open(context, { port: portOf(first) });
    await asker.transport.request(first.address, of(1));
    expect(types(asker)).toEqual(['link-up', 'link-down', 'link-down', 'link-restarted', 'link-up']);
    const reasons = asker.events.map((event) => (event.type === 'link-down' ? event.reason : ''));
    expect(reasons.slice(1, 3)).toEqual(['closed by the peer', 'connection refused']);
  });

  it('a socket that dies takes its requests with it', async (context) => {
    const asker = await open(context);
    const peer = await open(context);
    peer.answer = () => undefined;
    const waiting = code(asker.transport.request(peer.address, of(1)));
    await until(() => peer.requests.length === 1);
    await peer.transport.close();
    expect(await waiting).toBe('ERR_LINK_DOWN');
  });

  it('small requests are not held up by long ones', async (context) => {
    const [asker, answerer] = [await open(context), await open(context)];
    await asker.transport.request(answerer.address, of(1));
    const order: string[] = [];
    const long = asker.transport.request(answerer.address, of(16_000_000)).then(() => order.push('long'));
    await new Promise((resolve) => setImmediate(resolve));
    const small = asker.transport.request(answerer.address, of(10)).then(() => order.push('small'));
    await Promise.all([long, small]);
    expect(order).toEqual(['small', 'long']);
  });

  it('messages of one turn are one write', async (context) => {
    const [asker, answerer] = [await open(context), await open(context)];
    await asker.transport.request(answerer.address, of(1));
    const { writes = 0 } = asker.transport.counters;
    await Promise.all(Array.from({ length: 64 }, () => asker.transport.request(answerer.address, of(100))));
    expect((asker.transport.counters['writes'] ?? 0) - writes).toBe(1);
  });

  it('when there are too many, the quietest makes room; busy ones do not', async (context) => {
    const settings = { maxConnections: 2 };
    const asker = await open(context, { settings });
    const peers = [await open(context), await open(context), await open(context)] as const;
    for (const peer of peers) await asker.transport.request(peer.address, of(1));
    await until(() => types(peers[0]).includes('link-down'));
    for (const peer of peers) peer.answer = () => undefined;
    const busy = peers.slice(1).map((peer) => code(asker.transport.request(peer.address, of(1), { timeoutMs: 300 })));
    expect(await code(asker.transport.request(peers[0].address, of(1)))).toBe('ERR_LIMIT_REACHED');
    expect(await Promise.all(busy)).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT']);
  });
});

describe('addresses', () => {
  it('a dual-stack transport reaches and is reached over both, and writes IPv4 as IPv4', async (context) => {
    const dual = await open(context, { host: '::' });
    const [four, six] = [await open(context), await open(context, { host: '::1' })];
    await four.transport.request(`127.0.0.1:${String(portOf(dual))}`, of(1));
    await six.transport.request(`[::1]:${String(portOf(dual))}`, of(1));
    expect(dual.requests.map(({ from }) => from)).toEqual([four.address, six.address]);
    for (const other of [four, six]) await dual.transport.request(other.address, of(1));
    expect(dual.transport.counters['dials']).toBe(0);
    expect(dual.transport.localAddresses).toContain(`127.0.0.1:${String(portOf(dual))}`);
  });

  it('other spellings of an address are the same peer', async (context) => {
    const [asker, peer] = [await open(context, { host: '::' }), await open(context)];
    await asker.transport.request(peer.address, of(1));
    await asker.transport.request(`[::ffff:127.0.0.1]:${String(portOf(peer))}`, of(1));
    expect(asker.transport.counters['dials']).toBe(1);
  });

  it.each(['nonsense', 'localhost:5000', '127.0.0.1:0', '[::1]:5000', '127.0.0.1:70000'])(
    'a request to %s fails at once, and a payload is dropped',
    async (address) => {
      const closing: (() => unknown)[] = [];
      const asker = await open({ onTestFinished: (close) => closing.push(close as () => unknown) });
      expect(await code(asker.transport.request(address, of(1)))).toBe('ERR_LINK_DOWN');
      asker.transport.send(address, of(1));
      expect(asker.transport.counters).toMatchObject({ sendErrors: 2, payloadsDropped: 1 });
      for (const close of closing) await close();
    },
  );

  it('names are resolved', async (context) => {
    const { transport } = await open(context);
    expect(await transport.resolve('localhost:5000')).toEqual(['127.0.0.1:5000']);
    expect(await code(transport.resolve('no such name:5000'))).toBe('ERR_INVALID_ADDRESS');
  });

  it('numbers that cannot work are refused', () => {
    expect(() => tcpTransport({ settings: { chunkBytes: 65_537 } })).toThrow('chunkBytes must be 1 to 65536');
    expect(() => tcpTransport({ settings: { maxConnections: -1 } })).toThrow('maxConnections must be');
  });
});

describe('strangers', () => {
  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame of impossible length', Uint8Array.of(1, 255, 255, 255, 0, 0, 0, 0)],
    ['a request before a hello', Uint8Array.of(3, 0, 0, 1, 0, 0, 0, 1, 1)],
  ])('%s ends its own connection, is told nothing, and nothing else happens', async (_name, bytes) => {
    const closing: (() => unknown)[] = [];
    const context = { onTestFinished: (close: unknown) => closing.push(close as () => unknown) } as never;
    const [asker, answerer] = [await open(context), await open(context)];
    const socket = await stranger(context, answerer);
    let heard = 0;
    socket.on('data', ({ length }: Buffer) => (heard += length));
    socket.write(bytes);
    await once(socket, 'close');
    expect([heard, answerer.transport.counters['dropped.foreign'], types(answerer)]).toEqual([0, 1, []]);
    await asker.transport.request(answerer.address, of(1));
    for (const close of closing) await close();
  });

  it('who says nothing is hung up on, and only so many may be silent', async (context) => {
    const settings = { helloTimeoutMs: 100, maxPendingHandshakes: 2 };
    const node = await open(context, { settings });
    const sockets = await Promise.all(Array.from({ length: 3 }, () => stranger(context, node)));
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    expect(node.transport.counters).toMatchObject({ 'dropped.full': 1, 'dropped.helloTimeout': 2 });
  });

  it('who claims the port of a peer does not get its link while that lives', async (context) => {
    const [peer, node] = [await open(context), await open(context)];
    await peer.transport.request(node.address, of(1));
    const impostor = await stranger(context, node);
    impostor.write(hello(portOf(peer), 9));
    await until(() => node.events.length === 2);
    expect(node.events[1]).toEqual({ type: 'link-up', address: `127.0.0.1:${String(impostor.localPort)}` });
    peer.requests.length = 0;
    await node.transport.request(peer.address, of(1));
    expect(peer.requests).toHaveLength(1);
  });

  it('a new process takes the place of one that does not answer', async (context) => {
    const node = await open(context, { settings: { challengeTimeoutMs: 50 } });
    const old = await stranger(context, node);
    old.write(hello(4000, 8));
    await until(() => node.events.length === 1);
    const anew = await stranger(context, node);
    anew.write(hello(4000, 9));
    await until(() => node.events.length === 4);
    expect(types(node)).toEqual(['link-up', 'link-down', 'link-restarted', 'link-up']);
    expect(new Set(node.events.map((event) => 'address' in event && event.address))).toEqual(
      new Set(['127.0.0.1:4000']),
    );
  });

  it('a peer that never reads is cut off, and what it asked for is bounded', async (context) => {
    const settings = { maxReplyBytes: 1_000_000, downAfterMs: 200 };
    const node = await open(context, { settings });
    node.answer = (_payload, reply) => {
      reply(of(1_000_000));
    };
    const greedy = await stranger(context, node);
    greedy.pause();
    greedy.write(hello(0, 9));
    await until(() => node.events.length === 1);
    const request = Buffer.from([3, 0, 0, 1, 0, 0, 0, 1, 1]);
    greedy.write(Buffer.concat(Array.from({ length: 200_000 }, () => request)));
    await until(() => types(node).includes('link-down'));
    expect(node.events.at(-1)).toMatchObject({ reason: 'the peer takes nothing' });
    expect(node.requests.length).toBeLessThan(100);
  });

  it('who is called but says another hello than ours is a link that is down', async (context) => {
    const [asker, other] = [await open(context), await open(context, { settings: { clusterTag: 7 } })];
    expect(await code(asker.transport.request(other.address, of(1)))).toBe('ERR_LINK_DOWN');
    expect(other.transport.counters['dropped.cluster']).toBe(1);
    expect(await code(asker.transport.request(asker.address, of(1)))).toBe('ERR_LINK_DOWN');
  });
});

describe('close', () => {
  it('what was sent just before arrives', async (context) => {
    const [a, b] = [await open(context), await open(context)];
    await a.transport.request(b.address, of(1));
    b.answer = () => undefined;
    a.transport.request(b.address, of(3)).catch(() => undefined);
    // Requests are rejected and forgotten; what has left in this turn is not.
    await new Promise((resolve) => setImmediate(resolve));
    await a.transport.close();
    await until(() => b.requests.length === 2);
  });

  it('does not wait for a peer that takes nothing', async (context) => {
    const node = await open(context, { settings: { closeTimeoutMs: 50 } });
    const deaf = await stranger(context, node);
    deaf.pause();
    deaf.write(hello(0, 9));
    await until(() => node.events.length === 1);
    await node.transport.close();
  });

  it('lets the process exit, links up, requests under way or not', async () => {
    const program = fileURLToPath(new URL('support/closing-process.ts', import.meta.url));
    const argv = ['--conditions=@simpledht/source', '--import', 'tsx', program];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    expect(stdout).toBe('closed\nERR_CLOSED\nERR_CLOSED\n');
  }, 20_000);
});
