import { afterEach, expect, it } from 'vitest';
import { createNode, type DHTNode, type NodeOptions } from '@simpledht/node';

const open: DHTNode[] = [];

async function node(options: NodeOptions = {}): Promise<DHTNode> {
  const made = await createNode({ host: '127.0.0.1', port: 0, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

it('an empty node joins 100,000 keys over UDP and is ready, complete and equal, with writes meanwhile', async () => {
  const size = 100_000;
  const [first, second] = [await node(), await node()];
  await second.bootstrap(first.address);
  for (let i = 0; i < size; i++) await first.put(`key ${String(i).padStart(6, '0')}`, { i, text: 'x'.repeat(i % 100) });
  await expect.poll(() => second.size, { timeout: 15_000 }).toBe(size);

  const shares: number[] = [];
  const late = await node({ bootstrap: [first.address] });
  late.on('progress', (_records, share) => shares.push(share));
  const ready = late.ready();
  for (let i = 0; i < 1000; i++) {
    await second.put(`key ${String(i * 97).padStart(6, '0')}`, 'written during the join');
    if (i % 10 === 0) await second.put(`new ${String(i)}`, i);
  }
  await ready;
  expect(late.size).toBeGreaterThanOrEqual(size);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));

  await expect.poll(() => [first.size, late.size], { timeout: 10_000 }).toEqual([size + 100, size + 100]);
  const entries = second.entries();
  for (const [key, value] of late.entries()) expect([key, value]).toEqual(entries.next().value);
  expect(entries.next().done).toBe(true);
});
