/** Two nodes: what one stores, the other has. */
import { DHTNode } from '@simpledht/node';

// Both run here, on free ports of this machine. A node of its own takes port 5000 of all addresses by default.
const host = '127.0.0.1';

const first = new DHTNode({ host, port: 0 });
await first.start();
console.log('First node listens on', first.address);

const second = new DHTNode({ host, port: 0, bootstrap: [first.address] });
await second.start();
await second.ready(); // it holds what the first holds

// `acks: 'all'` waits until every node has it; without it the others have it a moment later.
await first.put('mykey', 'myvalue', { acks: 'all' });
console.log('Second node has mykey:', second.getSync('mykey'));

// Values are anything that MessagePack carries.
await second.put('user:1', { name: 'Ada', born: new Date('1815-12-10') }, { acks: 'all' });
console.log('First node has user:1:', await first.get('user:1'));

await first.delete('mykey', { acks: 'all' });
console.log('Second node still has mykey:', second.has('mykey'));

await second.stop();
await first.stop();
