/** A node whose data outlives its process, in a store of our own. Run it twice with the same file: it counts on. */
import { createNode } from '@simpledht/node';
import { JsonFileStore } from './json-file-store.ts';

const [path = 'own-store.json'] = process.argv.slice(2);

const node = await createNode({ host: '127.0.0.1', port: 0, store: new JsonFileStore(path) });
await node.ready();

const starts = Number((await node.get('starts')) ?? 0) + 1;
await node.put('starts', starts); // settles when the file is written
console.log(`Node ${node.id} has started ${String(starts)} times with ${path}`);

await node.stop();
