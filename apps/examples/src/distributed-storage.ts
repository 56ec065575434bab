/** Five nodes: everyone writes, one leaves, one comes late, two disagree, and all hold the same in the end. */
import { createNode, type DHTNode } from '@simpledht/node';

const host = '127.0.0.1';
const everyone = { acks: 'all' } as const;

/** Starts a node that joins through another and waits until it holds everything. */
async function join(through: DHTNode): Promise<DHTNode> {
  const node = await createNode({ host, port: 0, bootstrap: [through.address] });
  await node.ready();
  return node;
}

const first = await createNode({ host, port: 0 });
const nodes = [first, await join(first), await join(first), await join(first)];

// Every node writes a part, and every node has all of it.
for (const [index, node] of nodes.entries()) {
  await node.put(`city:${String(index)}`, { writtenBy: index }, everyone);
}
console.log('Keys on each node:', nodes.map((node) => node.size).join(' '));

// The node that all others joined through goes; nobody depends on it.
await first.stop();
const [, second, third, fourth] = nodes as [DHTNode, DHTNode, DHTNode, DHTNode];
await second.put('city:4', { writtenBy: 1 }, { acks: 3 });

// A newcomer joins through any node and has what was written before it came.
const late = await join(fourth);
console.log('Newcomer has:', [...late.keys({ prefix: 'city:' })].join(' '));

// Two nodes write the same key at the same time: the same write wins everywhere.
await Promise.all([second.put('mayor', 'Ada', { acks: 4 }), third.put('mayor', 'Grace', { acks: 4 })]);
const mayors = new Set([second, third, fourth, late].map((node) => node.getSync('mayor')));
console.log('Mayors:', mayors.size);

await Promise.all([second, third, fourth, late].map((node) => node.stop()));
