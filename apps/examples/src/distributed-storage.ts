/** Five nodes: everyone writes, one leaves, one comes late, two disagree, and all hold the same in the end. */
import { createNode, type DHTNode } from '@simpledht/node';

const host = '127.0.0.1';

/** Starts a node that joins through another and waits until it holds everything. */
async function join(through: DHTNode): Promise<DHTNode> {
  const node = await createNode({ host, port: 0, bootstrap: [through.address] });
  await node.ready();
  return node;
}

/** The node it joined through knows a newcomer at once; the others hear of it a moment later. */
async function meet(...nodes: readonly DHTNode[]): Promise<void> {
  for (const node of nodes) {
    while (node.peers.filter(({ state }) => state === 'alive').length < nodes.length - 1) {
      await new Promise<void>((resolve) => {
        node.once('peer-joined', () => {
          resolve();
        });
      });
    }
  }
}

const first = await createNode({ host, port: 0 });
const second = await join(first);
const third = await join(first);
const fourth = await join(first);
await meet(first, second, third, fourth);

// Every node writes a part, and every node has all of it.
await first.put('city:1', 'Paris', { acks: 'all' });
await second.put('city:2', 'Oslo', { acks: 'all' });
await third.put('city:3', 'Lima', { acks: 'all' });
await fourth.put('city:4', 'Kyoto', { acks: 'all' });
console.log('Keys on each node:', first.size, second.size, third.size, fourth.size);

// The node that all others joined through goes; nobody depends on it.
await first.stop();
await second.put('city:5', 'Accra', { acks: 3 });

// A newcomer joins through any node and has what was written before it came.
const fifth = await join(fourth);
console.log('The newcomer has:', ...fifth.keys({ prefix: 'city:' }));

// Two nodes write the same key at the same time: the same write wins everywhere.
await meet(second, third, fourth, fifth);
await Promise.all([second.put('capital', 'Oslo', { acks: 4 }), third.put('capital', 'Lima', { acks: 4 })]);
const capitals = [second, third, fourth, fifth].map((node) => node.getSync('capital'));
console.log('All agree on the capital:', new Set(capitals).size === 1);

await Promise.all([second, third, fourth, fifth].map((node) => node.stop()));
