/** Two nodes that talk over a transport of our own, TCP, instead of UDP. Everything else stays as it is. */
import { createNode } from '@simpledht/node';
import { TcpTransport } from './tcp-transport.ts';

const host = '127.0.0.1';

const first = await createNode({ transport: new TcpTransport({ host, port: 0 }) });
const second = await createNode({ transport: new TcpTransport({ host, port: 0 }), bootstrap: [first.address] });
await second.ready();

await first.put('carried by', 'TCP', { acks: 'all' });
console.log('Second node reads: carried by', second.getSync('carried by'));

await second.stop();
await first.stop();
