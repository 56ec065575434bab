import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { udpTransport, type Transport, type TransportEvent } from '../../src/index.ts';
import { mapped, message } from './support/messages.ts';

/** Settles with the first event about the public address. */
async function askedAt(server: string, host: string): Promise<{ transport: Transport; event: TransportEvent }> {
  const transport = udpTransport({ host, stun: [server] });
  onTestFinished(() => transport.close());
  const event = await new Promise<TransportEvent>((resolve, reject) => {
    const handlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: resolve };
    transport.open(handlers).catch(reject);
  });
  return { transport, event };
}

describe('over real sockets', () => {
  it('a server on loopback tells the address of the socket', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.on('message', (request: Uint8Array, { address, port }) => {
      socket.send(message({ id: request.subarray(8, 20), attributes: [mapped(address, port)] }), port, address);
    });
    await once(socket.bind(0, '127.0.0.1'), 'listening');
    const { transport, event } = await askedAt(`127.0.0.1:${String(socket.address().port)}`, '127.0.0.1');
    expect(event).toMatchObject({ type: 'public-address', address: transport.address });
  });
});

const reason = whyNoCoturn();

describe.skipIf(reason !== undefined)(`coturn${reason === undefined ? '' : `, skipped: ${reason}`}`, () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
  ])('tells the address of the socket on %s', async (host, written) => {
    const port = await freePort(host);
    const { ended } = startCoturn(host, port);
    // It does not say when it listens: the client asks again until it does.
    const { transport, event } = await Promise.race([askedAt(`${written}:${String(port)}`, host), ended]);
    expect(event).toEqual({
      type: 'public-address',
      address: transport.address,
      server: `${written}:${String(port)}`,
    });
    expect(transport.counters).toMatchObject({ 'stun.answersIn': 1, 'stun.dropped': 0, 'dropped.foreign': 0 });
  });
});

/** coturn takes no port 0: one that was free a moment ago, on loopback only. */
async function freePort(host: string): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  await once(socket.bind(0, host), 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** A server needs no rights; root gives its own away. */
const nobody = 65_534;

/** `ended` rejects when it ends by itself, with what it said. */
function startCoturn(host: string, port: number): { readonly ended: Promise<never> } {
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-coturn-'));
  chmodSync(directory, 0o777);
  const where = ['-n', '-L', host, '-E', host, '-p', String(port), '--pidfile', join(directory, 'pid')];
  const only = ['--stun-only', '--no-auth', '--no-cli', '--no-tls', '--no-dtls', '--no-tcp', '--log-file', 'stdout'];
  const data = ['--userdb', join(directory, 'db')];
  const server = spawn('turnserver', [...where, ...only, ...data, '--fingerprint', '-m', '1'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}),
  });
  onTestFinished(async () => {
    await end(server);
    rmSync(directory, { recursive: true, force: true });
  });
  return { ended: endOf(server) };
}

async function endOf(server: ChildProcess): Promise<never> {
  let said = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(server, 'exit');
  throw new Error(`turnserver ended:\n${said}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

function whyNoCoturn(): string | undefined {
  try {
    execFileSync('turnserver', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' ? 'turnserver is not installed: Debian package coturn' : undefined;
  }
}
