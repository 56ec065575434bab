/**
 * Two machines. On the first:   node cross-network.js 5000
 *              On the second:   node cross-network.js 5000 FIRST_IP:5000
 * Each leaves a letter under its own id, waits for the letter of the other, and ends.
 */
import { createNode } from '@simpledht/node';

const [port = '5000', ...bootstrap] = process.argv.slice(2);

// All addresses of this machine. Open the UDP port in the firewall, and forward it if a router stands before it.
const node = await createNode({ host: '0.0.0.0', port: Number(port), bootstrap });
console.log(`Node ${node.id} listens on port ${String(node.port)}`);
node.on('bootstrap-retry', (name, attempt, of) => {
  console.log(`${name} does not answer (attempt ${String(attempt)} of ${String(of)})`);
});

await node.put(`letter:${node.id}`, `greetings from ${node.id.slice(0, 8)}`);

const letter = await new Promise<string>((resolve) => {
  const read = (): void => {
    for (const [key, text] of node.entries({ prefix: 'letter:' })) {
      if (key !== `letter:${node.id}`) resolve(String(text));
    }
  };
  node.on('change', read); // what arrives from now on
  node.once('ready', read); // what the other had before
  setTimeout(resolve, 60_000, 'nothing, nobody came within a minute').unref();
});
console.log('The other machine writes:', letter);

// It may still wait for our letter. This settles once it has all that we wrote; if it has gone, it had read it.
await node.put('farewell', node.id, { acks: 'all', timeout: 1000 }).catch(() => undefined);
await node.stop();
