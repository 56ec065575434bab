import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNode, type DHTNode } from '@simpledht/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { newDirectory } from './support/directories.ts';

async function started(path: string, ...bootstrap: string[]): Promise<DHTNode> {
  const node = await createNode({ host: '127.0.0.1', port: 0, bootstrap, store: lmdbStore({ path }) });
  onTestFinished(() => node.stop());
  return node;
}

const keysOf = (node: DHTNode): string[] => [...node.keys()];

describe('a node on disk', () => {
  it('comes back as the same node with the same data', async () => {
    const path = newDirectory();
    const first = await started(path);
    await first.put('k', { nested: [1, 2] });
    await first.stop();
    const again = await started(path);
    expect(again.id).toBe(first.id);
    expect(again.getSync('k')).toEqual({ nested: [1, 2] });
  });

  it('restored from a backup is another node with all of the data, and both converge beside each other', async () => {
    const source = await started(newDirectory());
    for (let count = 0; count < 200; count++) await source.put(`before ${String(count)}`, count);
    const backup = join(newDirectory(), 'backup');
    await source.backup(backup);
    for (let count = 0; count < 50; count++) await source.put(`after ${String(count)}`, count);

    // A backup is started on as a copy, so that it can be started on again.
    const directory = newDirectory();
    await copyFile(join(backup, 'data.mdb'), join(directory, 'data.mdb'));
    const restored = await started(directory, source.address);
    expect(restored.id).not.toBe(source.id);
    expect(keysOf(restored).filter((key) => key.startsWith('before'))).toHaveLength(200);
    await restored.ready();
    await expect.poll(() => keysOf(restored)).toHaveLength(250);
    await Promise.all([restored.put('theirs', 1, { acks: 'all' }), source.put('ours', 2, { acks: 'all' })]);
    await expect.poll(() => keysOf(source)).toEqual(keysOf(restored));
    expect(keysOf(source)).toHaveLength(252);
  });

  it('restored beside nobody has the data of the backup', async () => {
    const source = await started(newDirectory());
    await source.put('k', 1);
    const backup = newDirectory();
    await source.backup(backup);
    await source.put('later', 2);
    await source.stop();
    const restored = await started(backup);
    expect(keysOf(restored)).toEqual(['k']);
    await restored.put('own', 3);
    expect(keysOf(restored)).toEqual(['k', 'own']);
  });
});
