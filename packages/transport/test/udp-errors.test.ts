import { fork } from 'node:child_process';
import { Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DatagramSocket, Logger, TransportEvent } from '../src/index.ts';
import { parseHostPort, silentLogger, udpSocket, udpTransport } from '../src/index.ts';
import { warnOfOpenPort } from '../src/open-port.ts';
import { bytes } from './support/pair.ts';

type Sent = (error: Error | null, bytes: number) => void;

const lost = ['EAGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOBUFS', 'EPERM'];

function coded(code: string): Error {
  return Object.assign(new Error(`send ${code}`), { code });
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** A bound socket, the one of node:dgram in it, and the errors that it tells of. */
async function bound(): Promise<{ socket: DatagramSocket; inner: Socket; told: Error[] }> {
  const binding = vi.spyOn(Socket.prototype, 'bind');
  const told: Error[] = [];
  const socket = udpSocket({ host: '127.0.0.1' });
  await socket.bind({ onDatagram: () => undefined, onError: (error) => told.push(error) });
  const inner = binding.mock.contexts[0];
  if (!(inner instanceof Socket)) throw new Error('not bound');
  return { socket, inner, told };
}

describe('an error of the system', () => {
  it.each(lost)('%s on sending is a lost packet', async (code) => {
    const { socket, inner, told } = await bound();
    vi.spyOn(inner, 'send').mockImplementation((...args: unknown[]) => {
      (args.at(-1) as Sent)(coded(code), 0);
    });
    socket.send(bytes(10), '127.0.0.1:1');
    expect(socket.counters).toMatchObject({ sendErrors: 1, datagramsTooLarge: 0 });
    expect(told).toEqual([]);
    await socket.close();
  });

  it.each([...lost, 'EMSGSIZE'])('%s on receiving is a lost packet', async (code) => {
    const { socket, inner, told } = await bound();
    inner.emit('error', coded(code));
    expect(socket.counters).toMatchObject({ socketErrors: 1 });
    expect(told).toEqual([]);
    await socket.close();
  });

  it('that is none of these is told, and does not end the process', async () => {
    const { socket, inner, told } = await bound();
    inner.emit('error', coded('EBADF'));
    inner.emit('error', coded('ENOTSOCK'));
    expect(told.map(({ message }) => message)).toEqual(['send EBADF', 'send ENOTSOCK']);
    await socket.close();
    expect(() => inner.emit('error', coded('EBADF'))).not.toThrow();
  });

  it('that is thrown by the call is a lost packet', async () => {
    const { socket, inner } = await bound();
    vi.spyOn(inner, 'send').mockImplementation(() => {
      throw coded('ERR_SOCKET_BAD_PORT');
    });
    socket.send(bytes(10), '127.0.0.1:1');
    expect(socket.counters['sendErrors']).toBe(1);
    await socket.close();
    socket.send(bytes(10), '127.0.0.1:1');
  });

  it('of the real system: too long a datagram, and none of a closed port', async () => {
    const { socket, told } = await bound();
    socket.send(bytes(65_508), '127.0.0.1:9');
    for (let time = 0; time < 3; time++) socket.send(bytes(10), '127.0.0.1:1');
    await vi.waitFor(() => {
      expect(socket.counters['datagramsTooLarge']).toBe(1);
    });
    expect(socket.counters).toMatchObject({ sendErrors: 0, socketErrors: 0 });
    expect(told).toEqual([]);
    await socket.close();
  });
});

describe('datagrams on loopback', () => {
  it('are no larger than either side takes', async () => {
    const events: TransportEvent[] = [];
    const handlers = {
      onDatagram: () => undefined,
      onRequest: (_from: string, payload: Uint8Array, reply: (payload: Uint8Array) => void): void => {
        reply(payload);
      },
      onEvent: (event: TransportEvent) => events.push(event),
    };
    const settings = { maxDatagramBytes: 1200, loopbackDatagramBytes: 1200 };
    const [small, large] = [udpTransport({ host: '127.0.0.1', settings }), udpTransport({ host: '127.0.0.1' })];
    await Promise.all([small.open(handlers), large.open(handlers)]);
    expect(await large.request(small.address, bytes(100_000))).toHaveLength(100_000);
    expect(large.counters['datagramsOut']).toBeGreaterThan(80);
    await Promise.all([small.close(), large.close()]);
  });
});

describe('a transport without a secret', () => {
  async function warnings(host: string): Promise<readonly string[]> {
    const said: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => said.push(message) };
    const transport = udpTransport({ host, logger });
    await transport.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
    await transport.close();
    return said.filter((message) => message.includes('no secret'));
  }

  it('is the only one that warns', () => {
    const said: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => said.push(message) };
    for (const secure of [true, false]) warnOfOpenPort({ secure }, udpSocket({ host: '0.0.0.0', port: 1 }), logger);
    expect(said).toHaveLength(1);
  });

  it('warns once where other machines reach it, and not on loopback', async () => {
    expect(await Promise.all(['0.0.0.0', '::', '127.0.0.1', '::1'].map(warnings))).toEqual([
      [expect.stringContaining('Whoever reaches this port')],
      [expect.stringContaining('Whoever reaches this port')],
      [],
      [],
    ]);
  });
});

it('a bind that failed closes its socket', async () => {
  const first = udpSocket({ host: '127.0.0.1' });
  const handlers = { onDatagram: () => undefined, onError: () => undefined };
  await first.bind(handlers);
  const closing = vi.spyOn(Socket.prototype, 'close');
  const { port } = parseHostPort(first.address);
  await expect(udpSocket({ host: '127.0.0.1', port }).bind(handlers)).rejects.toMatchObject({
    code: 'ERR_ADDRESS_IN_USE',
  });
  expect(closing).toHaveBeenCalledOnce();
  await first.close();
});

it('a bind that failed leaves nothing that keeps the process alive', async () => {
  const child = fork(fileURLToPath(new URL('support/failing-process.ts', import.meta.url)), {
    execArgv: ['--conditions=@simpledht/source', '--import', 'tsx'],
  });
  expect(await Promise.all([once(child, 'message'), once(child, 'exit')])).toEqual([
    ['ERR_ADDRESS_IN_USE', undefined],
    [0, null],
  ]);
}, 15_000);
