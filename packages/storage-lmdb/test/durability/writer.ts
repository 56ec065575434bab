import { createNode } from '@simpledht/node';
import { lmdbStore } from '../../src/index.ts';
import { isDelete } from './writing.ts';

// Writes as fast as it is answered, for ever, and tells each answer: one line per key with the number that it got.
// Many writers at once share flushes; each has keys of its own and one write on its way.

const [path = '', run = '', sync = ''] = process.argv.slice(2);
const writers = 16;
const keysPerWriter = 8;

const node = await createNode({
  host: '127.0.0.1',
  port: 0,
  store: lmdbStore({ path, sync: sync !== 'no-sync' }),
});

async function write(writer: number): Promise<void> {
  for (let count = 0; ; count++) {
    const index = writer * keysPerWriter + (count % keysPerWriter);
    const key = `run ${run} key ${String(index)}`;
    const number = Math.floor(count / keysPerWriter) + 1;
    if (isDelete(index, number)) await node.delete(key);
    else await node.put(key, { number, padding: 'x'.repeat((count * 37) % 300) });
    // A write to a pipe is over when it returns (POSIX): what was told before the kill can be read after it.
    process.stdout.write(`${key}\t${String(number)}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
