import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { SimpleDHTError } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { formatVersion } from '../src/lmdb/databases.ts';
import { newDirectory } from './support/directories.ts';
import { keysOf, record } from './support/records.ts';

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** A closed store with some pages of records. */
async function filled(): Promise<string> {
  const path = newDirectory();
  const store = lmdbStore({ path });
  for (let round = 0; round < 5; round++) {
    const seqs = Array.from({ length: 400 }, (_, index) => round * 400 + index + 1);
    store.apply({ records: seqs.map((seq) => record(`key ${String(seq)}`, seq, 'x'.repeat(60))) });
    await store.flush();
  }
  await store.close();
  return path;
}

async function refusal(path: string): Promise<SimpleDHTError> {
  let error: unknown;
  try {
    const store = lmdbStore({ path });
    await store.close();
  } catch (thrown) {
    error = thrown;
  }
  if (SimpleDHTError.is(error)) return error;
  throw new Error(`it opened, or threw ${String(error)}`);
}

describe('opening', () => {
  it('makes the directory, and takes one that is empty', async () => {
    const path = join(newDirectory(), 'new', 'one');
    await lmdbStore({ path }).close();
    await lmdbStore({ path: newDirectory() }).close();
  });

  it.each([[''], [7], [undefined]])('refuses the path %j', (path) => {
    expect(() => lmdbStore({ path: path as string })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });

  it('refuses options that make no sense', () => {
    const path = newDirectory();
    expect(() => lmdbStore({ path, retryMs: 0 })).toThrow(/retryMs/);
    expect(() => lmdbStore({ path, sync: 'no' as unknown as boolean })).toThrow(/sync/);
  });

  it('refuses a file in place of a directory', async () => {
    const path = join(newDirectory(), 'file');
    writeFileSync(path, 'text');
    expect((await refusal(path)).code).toBe('ERR_STORE');
  });

  it.each([
    ['text', Buffer.from('not a store\n'.repeat(2_000))],
    ['zeros', Buffer.alloc(65_536)],
    ['a few bytes', Buffer.from('x')],
  ])('refuses a data file of %s', async (_, content) => {
    const path = newDirectory();
    writeFileSync(join(path, 'data.mdb'), content);
    expect((await refusal(path)).message).toMatch(/is not a store/);
    expect(readFileSync(join(path, 'data.mdb'))).toEqual(content);
  });

  it('refuses a directory in place of the data file', async () => {
    const path = newDirectory();
    mkdirSync(join(path, 'data.mdb'));
    expect((await refusal(path)).code).toBe('ERR_STORE');
  });

  it('refuses the data of another program', async () => {
    const path = newDirectory();
    const other = open(path, { noSubdir: false, overlappingSync: false });
    await other.openDB({ name: 'theirs' }).put('key', 'value');
    await other.close();
    expect((await refusal(path)).message).toMatch(/another program/);
  });

  it('refuses a format of a later version', async () => {
    const path = await filled();
    const root = open<Buffer, Uint8Array>(path, { ...binary, noSubdir: false, overlappingSync: false });
    await root.openDB<Buffer, Uint8Array>('about', binary).put(Buffer.from('format'), Buffer.of(formatVersion + 1));
    await root.close();
    expect((await refusal(path)).message).toMatch(/format 2, which this version cannot read/);
  });

  it.each([0.2, 0.5, 0.9])('refuses a file that was cut to %d of its length, without dying of it', async (share) => {
    const path = await filled();
    const file = join(path, 'data.mdb');
    truncateSync(file, Math.floor(readFileSync(file).length * share));
    expect((await refusal(path)).message).toMatch(/damaged|not a store|does not open/);
    // Still so when tried again: the first attempt made the file look longer.
    expect((await refusal(path)).code).toBe('ERR_STORE');
  });

  it('lacks nothing when it opens a file that lost its last pages', async () => {
    const path = await filled();
    const file = join(path, 'data.mdb');
    const whole = readFileSync(file);
    let refused = 0;
    for (let pages = 1; pages <= 12; pages++) {
      writeFileSync(file, whole.subarray(0, whole.length - pages * whole.readUInt32LE(48)));
      let store;
      try {
        store = lmdbStore({ path });
      } catch (error) {
        expect(SimpleDHTError.is(error, 'ERR_STORE')).toBe(true);
        refused += 1;
        continue;
      }
      expect(keysOf(store.range())).toHaveLength(2_000);
      await store.close();
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('takes a file that ends early where LMDB never wrote', async () => {
    const path = await filled();
    const file = join(path, 'data.mdb');
    // Pages that a transaction took and freed again are counted and not written: as if there had been ten more.
    const bytes = readFileSync(file);
    const [page, at] = [bytes.readUInt32LE(48), 144];
    for (const meta of [0, page]) bytes.writeBigUInt64LE(bytes.readBigUInt64LE(meta + at) + 10n, meta + at);
    writeFileSync(file, bytes);
    const store = lmdbStore({ path });
    expect(store.size).toBe(2_000);
    await store.close();
  });
});

describe('a last page beyond all reason', () => {
  it.each([2n ** 24n, 2n ** 50n, 2n ** 64n - 1n])('%d is damage, and the file stays as it was', async (lastPage) => {
    const path = await filled();
    const file = join(path, 'data.mdb');
    const bytes = readFileSync(file);
    for (const meta of [0, bytes.readUInt32LE(48)]) bytes.writeBigUInt64LE(lastPage, meta + 144);
    writeFileSync(file, bytes);
    const error = await refusal(path);
    expect(error.code).toBe('ERR_STORE');
    expect(error.message).toMatch(/is damaged/);
    expect(statSync(file).size).toBe(bytes.length);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

describe('a damaged record', () => {
  it('is an error by name when it is read, and the others are readable', async () => {
    const path = await filled();
    const root = open<Buffer, Uint8Array>(path, { ...binary, noSubdir: false, overlappingSync: false });
    await root.openDB<Buffer, Uint8Array>('records', binary).put(Buffer.from('key 7'), Buffer.of(1, 2, 3));
    await root.close();
    const store = lmdbStore({ path });
    expect(() => store.get('key 7')).toThrow(expect.objectContaining({ code: 'ERR_STORE' }));
    expect(store.get('key 8')?.seq).toBe(8);
    expect(keysOf(store.range({ gte: 'key 70', lte: 'key 71' }))).toHaveLength(12);
    await store.close();
  });
});
