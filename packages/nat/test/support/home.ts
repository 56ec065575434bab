import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mapPort } from '../../src/index.ts';

/**
 * The machine at home: a UDP port that echoes, mapped until a line comes in. Prints an event a line. Renewal is fast here, so
 * that a test sees it.
 */
const socket = createSocket('udp4').on('message', (bytes, { address, port }) => {
  socket.send(bytes, port, address);
});
await once(socket.bind(5000), 'listening');
const mapping = mapPort({
  port: 5000,
  settings: { renewMs: 300, retryMs: 300 },
  onEvent: (event) => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  },
});
await once(process.stdin, 'data');
const begunMs = performance.now();
await mapping.stop();
process.stdout.write(`${JSON.stringify({ type: 'stopped', tookMs: performance.now() - begunMs })}\n`);
socket.close();
process.stdin.destroy();
