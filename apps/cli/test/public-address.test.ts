import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { simpledht } from './support/in-process.ts';
import { processesOf } from './support/processes.ts';

/** A STUN server that sees everybody at 198.51.100.7:40000. */
async function stunServer(): Promise<string> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (request, { address, port }) => {
    const seen = Buffer.from('002000080001bd52e721c045', 'hex');
    socket.send(Buffer.concat([Buffer.from('0101000c', 'hex'), request.subarray(4, 20), seen]), port, address);
  });
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${String(socket.address().port)}`;
}

const own = ['start', '--host', '127.0.0.1', '--port', '0'];

test('the public IP is what a STUN server sees', async (context) => {
  const node = processesOf(context)([...own, '--stun', await stunServer()]);
  await node.line(/^Public IP: 198\.51\.100\.7$/);
});

test('failing to get it stops nothing, and is told', async (context) => {
  const node = processesOf(context)([...own, '--stun', 'nowhere.invalid:3478']);
  await node.line(/^Failed to get public IP: .*nowhere\.invalid/);
  await node.line(/^In sync: 0 keys$/);
  node.signal('SIGTERM');
  expect(await node.ended).toBe(0);
});

test.each([
  [['--stun', 'nowhere'], 'Expected format: HOST:PORT, such as stun.example.org:3478, not nowhere.'],
  [['--transport', 'tcp', '--map-port'], '--stun and --map-port are for UDP'],
  [['--transport', 'tcp', '--stun', 'stun.example.org:3478'], '--stun and --map-port are for UDP'],
])('%j is a wrong call', async (options, text) => {
  const { exitCode, stderr } = await simpledht(...own, ...options);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(text)]);
});
