import { once } from 'node:events';
import { connect } from 'node:net';
import { SimpleDHTError } from '@simpledht/node';
import type { TransportHandlers } from '@simpledht/transport';
import { transportSuite } from '@simpledht/transport/compliance';
import { describe, expect, it, test, type TestContext } from 'vitest';
import { TcpTransport } from '../src/own-transport/tcp-transport.ts';

const host = '127.0.0.1';
const deaf: TransportHandlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };
const echo: TransportHandlers = {
  ...deaf,
  onRequest: (_, payload, reply) => {
    reply(payload);
  },
};

async function open(
  context: Pick<TestContext, 'onTestFinished'>,
  handlers: TransportHandlers,
  port = 0,
): Promise<TcpTransport> {
  const transport = new TcpTransport({ host, port });
  context.onTestFinished(() => transport.close());
  await transport.open(handlers);
  return transport;
}

function code(rejected: Promise<unknown>): Promise<unknown> {
  return rejected.then(
    () => 'resolved',
    (error: unknown) => (SimpleDHTError.is(error) ? error.code : error),
  );
}

describe('TcpTransport', () => {
  test('requests of any size are answered, each with its own reply', async (context) => {
    const [asker, answerer] = await Promise.all([open(context, deaf), open(context, echo)]);
    const payloads = [0, 1, 1000, 3_000_000].map((size) => new Uint8Array(size).fill(size % 251));
    const replies = await Promise.all(payloads.map((payload) => asker.request(answerer.address, payload)));
    for (const [index, reply] of replies.entries()) expect(Buffer.compare(reply, payloads[index] ?? reply)).toBe(0);
    const tooLarge = new Uint8Array(asker.maxMessageBytes + 1);
    expect(await code(asker.request(answerer.address, tooLarge))).toBe('ERR_MESSAGE_TOO_LARGE');
  });

  test('the receiver sees the address at which the sender listens, and can send there', async (context) => {
    let tell = (_: readonly [string, Uint8Array]): void => undefined;
    const heard = new Promise<readonly [string, Uint8Array]>((resolve) => (tell = resolve));
    const sender = await open(context, deaf);
    const onDatagram = (from: string, payload: Uint8Array): void => {
      tell([from, payload]);
    };
    const receiver = await open(context, { ...deaf, onDatagram });
    sender.send(receiver.address, new Uint8Array([1, 2, 3]));
    expect(await heard).toEqual([sender.address, new Uint8Array([1, 2, 3])]);
  });

  test('a request ends by time, by its signal, by the end of the peer, and by the end of the transport', async (context) => {
    const [asker, silent] = await Promise.all([open(context, deaf), open(context, deaf)]);
    const ask = (options = {}): Promise<unknown> => code(asker.request(silent.address, new Uint8Array(1), options));
    expect(await ask({ timeoutMs: 20 })).toBe('ERR_TIMEOUT');
    const reason = new Error('enough');
    expect(await ask({ signal: AbortSignal.abort(reason) })).toBe(reason);
    const aborted = new AbortController();
    const pending = ask({ signal: aborted.signal });
    aborted.abort(reason);
    expect(await pending).toBe(reason);
    const orphan = ask();
    await silent.close();
    expect(await orphan).toBe('ERR_LINK_DOWN');
    const last = ask();
    await asker.close();
    expect(await last).toBe('ERR_CLOSED');
    expect(await ask()).toBe('ERR_CLOSED');
  });

  test('links are told: up, down, restarted', async (context) => {
    const events: string[] = [];
    let wake = (): void => undefined;
    const onEvent: TransportHandlers['onEvent'] = ({ type }) => {
      events.push(type);
      wake();
    };
    const seen = async (count: number): Promise<void> => {
      while (events.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    const watcher = await open(context, { ...deaf, onEvent });
    const peer = await open(context, echo);
    const port = Number(peer.address.split(':').at(-1));
    await watcher.request(peer.address, new Uint8Array(1));
    await peer.close();
    await seen(2);
    await open(context, echo, port);
    await watcher.request(peer.address, new Uint8Array(1));
    expect(events).toEqual(['link-up', 'link-down', 'link-restarted', 'link-up']);
  });

  test('bytes that are not frames end their own connection and nothing else', async (context) => {
    const [asker, answerer] = await Promise.all([open(context, deaf), open(context, echo)]);
    const port = Number(answerer.address.split(':').at(-1));
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\u0005\u0009\0\0\0\0', '\u0000\u0000\u0000\u0000\u0000']) {
      const stranger = connect({ host, port });
      stranger.on('error', () => undefined).resume();
      stranger.end(bytes);
      await once(stranger, 'close');
    }
    expect(await code(asker.request(answerer.address, new Uint8Array(1)))).toBe('resolved');
  });

  test('a port in use is an error', async (context) => {
    const taken = await open(context, deaf);
    const port = Number(taken.address.split(':').at(-1));
    expect(await code(open(context, deaf, port))).toBe('ERR_ADDRESS_IN_USE');
  });
});

describe('TcpTransport keeps the contract', () => {
  transportSuite(
    { describe, it },
    {
      create: () => new TcpTransport({ host, port: 0 }),
      createAt: (address) => new TcpTransport({ host, port: Number(address.split(':').at(-1)) }),
      nobody: '127.0.0.1:1',
    },
  );
});
