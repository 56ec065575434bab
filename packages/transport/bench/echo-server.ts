// The other process of transport.bench.ts: answers requests, and datagrams of a bare socket, and says where.
import { createSocket } from 'node:dgram';
import { udpTransport } from '@simpledht/transport';

const empty = new Uint8Array(0);
/** Longer requests are bulk: taken, not echoed. */
const maxEchoBytes = 65_536;

const transport = udpTransport({ host: '127.0.0.1' });
await transport.open({
  onDatagram: () => undefined,
  onRequest: (_from, payload, reply) => {
    reply(payload.length <= maxEchoBytes ? payload : empty);
  },
  onEvent: () => undefined,
});

const bare = createSocket({
  type: 'udp4',
  recvBufferSize: 4_194_304,
  lookup: (host, _options, callback) => {
    callback(null, host, 4);
  },
});
let bulk = 0;
bare.on('message', (datagram, remote) => {
  // Long datagrams are bulk: one byte for every 16.
  if (datagram.length < 1000) bare.send(datagram, remote.port, remote.address);
  else if (++bulk % 16 === 0) bare.send(datagram.subarray(0, 1), remote.port, remote.address);
});
bare.bind(0, '127.0.0.1', () => {
  process.send?.({ transport: transport.address, barePort: bare.address().port });
});
process.on('disconnect', () => {
  bare.close();
  void transport.close();
});
