import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { parseHostPort, type Transport, type TransportHandlers } from '@simpledht/transport';
import { transportSuite } from '@simpledht/transport/compliance';
import { tcpTransport } from '@simpledht/transport-tcp';
import { describe, expect, it, test, type TestContext } from 'vitest';
import { compressed } from '../src/own-transport/compressed.ts';

const host = '127.0.0.1';
const deaf: TransportHandlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };

async function open(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  transport: Transport,
  handlers: TransportHandlers,
): Promise<Transport> {
  onTestFinished(() => transport.close());
  await transport.open(handlers);
  return transport;
}

describe('compressed', () => {
  test('sends long payloads in fewer bytes, and others as they are', async (context) => {
    const echo: TransportHandlers = {
      ...deaf,
      onRequest: (_from, payload, reply) => {
        reply(payload);
      },
    };
    const asker = await open(context, compressed(tcpTransport({ host })), deaf);
    const answerer = await open(context, compressed(tcpTransport({ host })), echo);
    const long = new Uint8Array(1_000_000).fill(7);
    expect(Buffer.compare(await asker.request(answerer.address, long), long)).toBe(0);
    expect(asker.counters['bytesOut']).toBeLessThan(20_000);
    const random = new Uint8Array(randomBytes(1000));
    expect(await asker.request(answerer.address, random)).toEqual(random);
  });

  test('drops what it cannot read, and few bytes that would become too many', async (context) => {
    let heard = 0;
    const count: TransportHandlers = { ...deaf, onRequest: () => heard++ };
    const plain = await open(context, tcpTransport({ host }), deaf);
    const receiver = await open(
      context,
      compressed(tcpTransport({ host, settings: { maxMessageBytes: 1000 } })),
      count,
    );
    const bomb = Uint8Array.of(1, ...deflateRawSync(new Uint8Array(100_000)));
    for (const bytes of [new Uint8Array(0), Uint8Array.of(9, 1), Uint8Array.of(1, 255, 255), bomb])
      await expect(plain.request(receiver.address, bytes, { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'ERR_TIMEOUT',
      });
    expect(heard).toBe(0);
    expect(receiver.counters['handlerErrors']).toBe(0);
  });
});

describe('compressed keeps the contract', () => {
  transportSuite(
    { describe, it },
    {
      create: () => compressed(tcpTransport({ host })),
      createAt: (address) => compressed(tcpTransport(parseHostPort(address))),
      nobody: '127.0.0.1:1',
      longestBytes: 1_000_000,
    },
  );
});
