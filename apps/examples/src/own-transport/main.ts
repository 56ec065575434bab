/**
 * Two nodes that talk over TCP instead of UDP, and over a transport of our own that compresses what they say. Everything
 * else stays as it is.
 */
import { createNode } from '@simpledht/node';
import { tcpTransport } from '@simpledht/transport-tcp';
import { compressed } from './compressed.ts';

const host = '127.0.0.1';
const transport = compressed(tcpTransport({ host }));

const first = await createNode({ transport });
const second = await createNode({ transport: compressed(tcpTransport({ host })), bootstrap: [first.address] });
await second.ready();

await first.put('carried by', 'TCP', { acks: 'all' });
console.log('Second node reads: carried by', second.getSync('carried by'));

const before = transport.counters['bytesOut'] ?? 0;
await first.put('long', 'over and over '.repeat(10_000), { acks: 'all' });
const sent = (transport.counters['bytesOut'] ?? 0) - before;
console.log(`140,000 characters were sent in ${sent < 14_000 ? 'less than a tenth of that' : `${String(sent)} bytes`}`);

await second.stop();
await first.stop();
