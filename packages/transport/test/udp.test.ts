import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Logger, Transport, TransportEvent, UdpTransportOptions } from '../src/index.ts';
import { parseHostPort, silentLogger, udpSocket, udpTransport } from '../src/index.ts';
import { normalIp } from '../src/udp/ip.ts';
import { warnOfSmallBuffer } from '../src/udp/buffers.ts';
import { bytes } from './support/pair.ts';

const opened: Transport[] = [];

afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close();
});

async function echo(
  options: UdpTransportOptions,
): Promise<{ transport: Transport; events: TransportEvent[]; requests: Uint8Array[] }> {
  const transport = udpTransport(options);
  const events: TransportEvent[] = [];
  const requests: Uint8Array[] = [];
  await transport.open({
    onDatagram: () => undefined,
    onRequest: (_from, payload, reply) => {
      requests.push(payload);
      reply(payload);
    },
    onEvent: (event) => events.push(event),
  });
  opened.push(transport);
  return { transport, events, requests };
}

describe('UDP', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['0.0.0.0', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
  ])('carries 1 MiB both ways between %s and %s', async (host, clientHost) => {
    const server = await echo({ host });
    const client = await echo({ host: clientHost });
    const { port } = parseHostPort(server.transport.address);
    const name = clientHost.includes(':') ? `[${clientHost}]` : clientHost;
    const sent = bytes(1_048_576);
    const reply = await client.transport.request(`${name}:${String(port)}`, sent);
    expect(Buffer.compare(reply, sent)).toBe(0);
    const [up] = server.events;
    expect(up).toEqual({ type: 'link-up', address: client.transport.address });
  });

  it('drops what comes faster than it is answered, and the sender repeats it', async () => {
    const settings = { maxWaitingRequestBytes: 4000, loopbackDatagramBytes: 1200 };
    const server = await echo({ host: '127.0.0.1', settings });
    const client = await echo({ host: '127.0.0.1', settings });
    await client.transport.request(server.transport.address, bytes(10));
    const sent = Array.from({ length: 50 }, (_, index) => bytes(1000, index));
    const replies = await Promise.all(sent.map((each) => client.transport.request(server.transport.address, each)));
    expect(replies).toStrictEqual(sent);
    expect(server.transport.counters['dropped.busy']).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(51);
  });

  it('refuses a port in use, with the address in the message', async () => {
    const { transport } = await echo({ host: '127.0.0.1' });
    const { port } = parseHostPort(transport.address);
    await expect(echo({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
      message: `Address already in use: 127.0.0.1:${String(port)}`,
    });
  });

  it('refuses an address that is not of this machine', async () => {
    await expect(echo({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'ERR_BIND_FAILED' });
    await expect(echo({ host: 'no.such.name.invalid' })).rejects.toMatchObject({ code: 'ERR_BIND_FAILED' });
  });

  it('is not shaken by random datagrams of any size, or by real packets cut short and changed', async () => {
    const server = await echo({ host: '127.0.0.1' });
    const client = await echo({ host: '127.0.0.1' });
    await client.transport.request(server.transport.address, bytes(10));
    const stranger = createSocket('udp4');
    const { port } = parseHostPort(server.transport.address);
    for (let size = 0; size < 2000; size += 13) {
      const noise = bytes(size, size);
      stranger.send(noise, port, '127.0.0.1');
      for (const first of [0x41, 0xc1, 0x49]) stranger.send(Uint8Array.of(first, ...noise.slice(1)), port, '127.0.0.1');
    }
    stranger.send(bytes(60_000), port, '127.0.0.1');
    for (let time = 0; time < 20; time++) await client.transport.request(server.transport.address, bytes(10));
    stranger.close();
    expect(server.events).toEqual([{ type: 'link-up', address: client.transport.address }]);
    expect(server.requests).toHaveLength(21);
    expect(server.transport.counters['handlerErrors']).toBe(0);
  });

  it('tells of a small receive buffer once, with the cure', () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    warnOfSmallBuffer(425_984, 4_194_304, logger);
    warnOfSmallBuffer(8_388_608, 4_194_304, logger);
    expect(warnings).toEqual([
      'The UDP receive buffer is small, so bursts get lost; as root: sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304',
    ]);
  });

  it('reads back the buffer that the system gave', async () => {
    const socket = udpSocket({ host: '127.0.0.1', receiveBufferBytes: 212_992 });
    await socket.bind({ onDatagram: () => undefined, onError: () => undefined });
    expect(socket.receiveBufferBytes).toBeGreaterThanOrEqual(100_000);
    expect(socket.receiveBufferBytes).toBeLessThan(1_048_576);
    await socket.close();
  });

  it('lets the process end after close, though requests were waiting', async () => {
    const child = fork(fileURLToPath(new URL('support/closing-process.ts', import.meta.url)), {
      execArgv: ['--conditions=@simpledht/source', '--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  }, 20_000);
});

describe('resolving names', () => {
  const ipv4 = udpSocket({ host: '127.0.0.1' });
  const ipv6 = udpSocket({ host: '::1' });
  const dual = udpSocket({ host: '::' });

  it.each([
    [ipv4, '127.0.0.1:5000', '127.0.0.1:5000'],
    [ipv4, 'localhost:5000', '127.0.0.1:5000'],
    [ipv4, '0.0.0.0:5000', '127.0.0.1:5000'],
    [ipv6, '[::1]:5000', '[::1]:5000'],
    [ipv6, '[0:0:0:0:0:0:0:1]:5000', '[::1]:5000'],
    [ipv6, '[2001:DB8::0001]:1', '[2001:db8::1]:1'],
    [dual, '10.1.2.3:5000', '10.1.2.3:5000'],
    [dual, '[::ffff:10.1.2.3]:5000', '10.1.2.3:5000'],
    [dual, '[::]:5000', '[::1]:5000'],
  ])('gives the one spelling', async (socket, text, address) => {
    expect(await socket.resolve(text)).toEqual([address]);
  });

  it.each([
    '',
    'localhost',
    'host:',
    ':5000',
    'a:b:c',
    '::1:5000',
    '[::1]',
    '1.2.3.4:99999',
    'two words:5000',
    '[nonsense]:1',
  ])('refuses %j with the expected form', async (text) => {
    await expect(ipv4.resolve(text)).rejects.toMatchObject({
      code: 'ERR_INVALID_ADDRESS',
      message: `Invalid bootstrap node format: ${text}. Expected format: HOST:PORT`,
    });
  });

  it('refuses what the socket cannot send to, and says so', async () => {
    await expect(ipv4.resolve('[::1]:5000')).rejects.toThrow('Cannot send to [::1]:5000 from an IPv4 socket');
    await expect(ipv6.resolve('127.0.0.1:5000')).rejects.toThrow('from an IPv6 socket');
    await expect(ipv4.resolve('127.0.0.1:0')).rejects.toThrow('Port 0');
    await expect(ipv4.resolve('no.such.name.invalid:5000')).rejects.toThrow('Cannot resolve no.such.name.invalid:5000');
  });

  it('knows one spelling of an IP address', () => {
    expect(['::FFFF:10.0.0.1', '::ffff:0a00:0001', 'FE80::1', '10.0.0.1'].map(normalIp)).toEqual([
      '10.0.0.1',
      '10.0.0.1',
      'fe80::1',
      '10.0.0.1',
    ]);
  });
});
