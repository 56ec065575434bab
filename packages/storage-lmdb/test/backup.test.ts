import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { newDirectory } from './support/directories.ts';
import { fields, record } from './support/records.ts';

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('backup', () => {
  it('copies what is durable, marked as a copy, without the identity of the node', async () => {
    const store = lmdbStore({ path: newDirectory() });
    const records = Array.from({ length: 3_000 }, (_, index) => record(`key ${String(index)}`, index + 1));
    store.apply({
      records,
      meta: [
        ['node.key', bytes('secret')],
        ['other', bytes('kept')],
      ],
    });
    await store.flush();
    const path = join(newDirectory(), 'deep', 'copy');
    const copying = store.backup(path);
    // Writing goes on, and is not in the copy.
    store.apply({ records: [record('later', 9_000)] });
    await copying;
    expect(readdirSync(path)).toEqual(['data.mdb']);
    const copy = lmdbStore({ path });
    expect(copy.size).toBe(3_000);
    expect(Array.from(copy.range(), fields)).toEqual([...store.range({ lt: 'later' })].map(fields));
    expect(copy.meta('node.key')).toBeUndefined();
    expect(copy.meta('replica/copied')).toEqual(Uint8Array.of(1));
    expect(copy.meta('other')).toEqual(bytes('kept'));
    expect(store.meta('node.key')).toEqual(bytes('secret'));
    expect(store.meta('replica/copied')).toBeUndefined();
    await copy.close();
    await store.close();
  });

  it('goes on beside writes and commits', async () => {
    const store = lmdbStore({ path: newDirectory() });
    let seq = 0;
    const write = async (): Promise<void> => {
      store.apply({ records: Array.from({ length: 200 }, () => record(`key ${String(++seq)}`, seq, 'x'.repeat(100))) });
      await store.flush();
    };
    for (let round = 0; round < 20; round++) await write();
    const path = newDirectory();
    let isDone = false;
    const copying = store.backup(path).finally(() => {
      isDone = true;
    });
    do await write();
    while (!(isDone as boolean));
    await copying;
    const copy = lmdbStore({ path });
    expect(copy.size % 200).toBe(0);
    expect(copy.size).toBeGreaterThanOrEqual(4_000);
    expect(copy.since(record('', 1).origin, 0, Infinity)).toHaveLength(copy.size);
    await copy.close();
    await store.close();
  });

  it('rejects when the copy is not what it should be, and leaves nothing of it', async () => {
    const source = newDirectory();
    const store = lmdbStore({ path: source });
    store.apply({ records: [record('a', 1), record('b', 2)] });
    await store.flush();
    await store.close();
    // As if a page had been lost: one record fewer than was committed.
    const root = open<Buffer, Uint8Array>(source, { ...binary, noSubdir: false, overlappingSync: false });
    await root.openDB<Buffer, Uint8Array>('records', binary).remove(Buffer.from('a'));
    await root.close();
    const damaged = lmdbStore({ path: source });
    const path = newDirectory();
    await expect(damaged.backup(path)).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: expect.stringMatching(/1 records of .* should have 2/) as string,
    });
    expect(readdirSync(path)).toEqual([]);
    await damaged.close();
  });

  it('is finished before the store closes', async () => {
    const store = lmdbStore({ path: newDirectory() });
    store.apply({ records: Array.from({ length: 5_000 }, (_, index) => record(`key ${String(index)}`, index + 1)) });
    await store.flush();
    const path = newDirectory();
    const copying = store.backup(path);
    await store.close();
    await copying;
    const copy = lmdbStore({ path });
    expect(copy.size).toBe(5_000);
    await copy.close();
  });

  it('refuses a directory that is not empty, and a file, and leaves them alone', async () => {
    const store = lmdbStore({ path: newDirectory() });
    const path = newDirectory();
    writeFileSync(join(path, 'mine'), 'text');
    await expect(store.backup(path)).rejects.toMatchObject({ code: 'ERR_STORE' });
    await expect(store.backup(join(path, 'mine'))).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(readdirSync(path)).toEqual(['mine']);
    mkdirSync(join(path, 'empty'));
    await store.backup(join(path, 'empty'));
    await store.close();
    expect(() => store.flush()).toThrow(/closed/);
    await expect(store.backup(newDirectory())).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});
