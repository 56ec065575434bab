// The other process of tcp.bench.ts: answers requests over TCP, TLS and UDP, and bytes of bare sockets, and says where.
import { createServer } from 'node:net';
import { udpTransport } from '@simpledht/transport';
import { tcpTransport } from '@simpledht/transport-tcp';
import { host, tls } from './shared.ts';

const empty = new Uint8Array(0);
/** Longer requests are bulk: taken, not echoed. */
const maxEchoBytes = 65_536;

const transports = { tcp: tcpTransport({ host }), tls: tcpTransport({ host, tls }), udp: udpTransport({ host }) };
for (const transport of Object.values(transports)) {
  await transport.open({
    onDatagram: () => undefined,
    onRequest: (_from, payload, reply) => {
      reply(payload.length <= maxEchoBytes ? payload : empty);
    },
    onEvent: () => undefined,
  });
}
// Echoes what comes; the caller of bulk reads nothing back, because this one is told so by the first byte.
const bare = createServer((socket) => {
  socket.setNoDelay(true).once('data', (first) => {
    const isBulk = first[0] === 1;
    let taken = first.length;
    if (!isBulk) socket.write(first);
    socket.on('data', (chunk) => {
      taken += chunk.length;
      if (!isBulk) socket.write(chunk);
    });
    socket.on('end', () => socket.end(String(taken)));
  });
});
bare.listen(0, host, () => {
  const bound = bare.address();
  const barePort = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const addresses = Object.fromEntries(Object.entries(transports).map(([name, { address }]) => [name, address]));
  process.send?.({ ...addresses, barePort });
});
process.on('disconnect', () => {
  bare.close();
  for (const transport of Object.values(transports)) void transport.close();
});
