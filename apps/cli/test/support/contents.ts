/*
 * A program for a machine of a test: prints, as JSON, what each of these nodes holds, as soon as all hold the same and so many
 * keys; after 60 s whatever they hold.
 *   contents.ts KEYS HOST…
 */
import { setTimeout } from 'node:timers/promises';
import { connect } from '@simpledht/node';

const [, , keys, ...hosts] = process.argv;
const endMs = performance.now() + 60_000;

for (;;) {
  const found = await Promise.all(hosts.map(entriesOf));
  const texts = new Set(found.map((entries) => JSON.stringify(entries)));
  const isDone = texts.size === 1 && Object.keys(found[0] ?? {}).length === Number(keys);
  if (isDone || performance.now() > endMs) {
    process.stdout.write(`${JSON.stringify(found)}\n`);
    break;
  }
  await setTimeout(100);
}

async function entriesOf(host: string): Promise<Record<string, unknown>> {
  await using client = await connect({ host, port: 5000 });
  const entries: Record<string, unknown> = {};
  for await (const [key, value] of client.entries()) entries[key] = value;
  return entries;
}
