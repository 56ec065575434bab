// Opens transports, leaves requests unanswered and on their way to nobody, closes: the process has to end by itself.
import { createServer } from 'node:net';
import { parseHostPort, formatHostPort } from '@simpledht/transport';
import { tcpTransport } from '@simpledht/transport-tcp';
import { SimpleDHTError } from '@simpledht/wire';

const host = '127.0.0.1';
const silent = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };
const [asker, peer] = [tcpTransport({ host }), tcpTransport({ host })];
await Promise.all([asker.open(silent), peer.open(silent)]);
// Accepts, and never says a word.
const mute = createServer((socket) => socket.on('error', () => undefined)).unref();
await new Promise<void>((resolve) => {
  mute.listen(0, host, resolve);
});
const bound = mute.address();
const port = typeof bound === 'object' && bound !== null ? bound.port : parseHostPort(peer.address).port;
const codes = [peer.address, formatHostPort(host, port)].map((to) =>
  asker.request(to, new Uint8Array(1), { timeoutMs: 60_000 }).catch((error: unknown) => {
    return SimpleDHTError.is(error) ? error.code : error;
  }),
);
await new Promise((resolve) => setTimeout(resolve, 20));
await Promise.all([asker.close(), peer.close()]);
process.stdout.write('closed\n');
for (const code of codes) process.stdout.write(`${String(await code)}\n`);
