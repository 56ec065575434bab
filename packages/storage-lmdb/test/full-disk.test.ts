import { writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createNode, type DHTNode } from '@simpledht/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { mountSmall, whyNoMounts, type FileSystem } from './durability/file-systems.ts';
import './support/directories.ts';
import { record } from './support/records.ts';

const whyNot = whyNoMounts();
const title = whyNot === undefined ? '' : ` (skipped: ${whyNot})`;

interface SmallDisk extends FileSystem {
  /** Takes away what stood in the way. */
  makeRoom(): void;
}

/** 6 MiB, of which all but 1 MiB is taken. */
function smallDisk(): SmallDisk {
  const disk = mountSmall(6_144);
  onTestFinished(() => {
    disk.unmount();
  });
  const ballast = join(disk.path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(5 * 1_048_576, 1));
  return {
    ...disk,
    makeRoom: () => {
      rmSync(ballast);
    },
  };
}

async function started(options: Parameters<typeof createNode>[0]): Promise<DHTNode> {
  const node = await createNode({ host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => node.stop());
  return node;
}

describe.skipIf(whyNot !== undefined)(`a full disk${title}`, { timeout: 60_000 }, () => {
  it('rejects the flush by name, keeps what was applied, refuses more, and heals by itself', async () => {
    const disk = smallDisk();
    const store = lmdbStore({ path: join(disk.path, 'store'), retryMs: 50 });
    onTestFinished(() => store.close());
    let seq = 0;
    const error = await fillUp(async () => {
      store.apply({ records: Array.from({ length: 100 }, () => record(`key ${String(++seq)}`, seq, 'x'.repeat(500))) });
      await store.flush();
    });
    expect(error).toMatchObject({ code: 'ERR_STORE_FULL' });
    expect((error as Error).message).toContain(disk.path);
    expect(store.size).toBe(seq);
    expect(store.get(`key ${String(seq)}`)?.seq).toBe(seq);
    expect(() => {
      store.apply({ records: [record('more', seq + 1)] });
    }).toThrow(expect.objectContaining({ code: 'ERR_STORE_FULL' }));
    disk.makeRoom();
    await expect.poll(() => tookMore(seq + 1)).toBe(true);
    await store.flush();
    await store.close();
    const again = lmdbStore({ path: join(disk.path, 'store') });
    expect(again.since(record('', 1).origin, 0, Infinity).map((each) => each.seq)).toEqual(
      Array.from({ length: seq + 1 }, (_, index) => index + 1),
    );
    await again.close();

    function tookMore(next: number): boolean {
      try {
        store.apply({ records: [record('more', next)] });
        return true;
      } catch {
        return false;
      }
    }
  });

  it('under a node: it lives, answers what it has, reports the error, loses nothing and catches up', async () => {
    const disk = smallDisk();
    const path = join(disk.path, 'store');
    const first = await started({});
    const second = await started({ bootstrap: [first.address], store: lmdbStore({ path, retryMs: 50 }) });
    await second.ready();
    const errors: unknown[] = [];
    second.on('error', (error) => errors.push(error));
    const kept: string[] = [];
    let count = 0;
    // Its own writes until it refuses one, and what a peer writes all the while.
    const error = await fillUp(async () => {
      const key = `own ${String(++count)}`;
      await first.put(`other ${String(count)}`, 'y'.repeat(4_000));
      await second.put(key, 'x'.repeat(4_000));
      kept.push(key);
    });
    expect(['ERR_STORE', 'ERR_STORE_FULL']).toContain((error as { code?: unknown }).code);
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    await expect(second.put('refused', 1)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' });
    await first.put('meanwhile', 'z'.repeat(4_000));
    expect(kept.every((key) => second.has(key))).toBe(true);
    disk.makeRoom();
    await expect.poll(() => second.has('meanwhile'), { timeout: 30_000 }).toBe(true);
    await second.put('after', 1, { acks: 'all' });
    // What the full disk refused is sent again, maybe after what was written later.
    await expect.poll(() => [...second.keys()], { timeout: 30_000 }).toEqual([...first.keys()]);
    await second.stop();
    const again = await started({ store: lmdbStore({ path }) });
    expect(kept.filter((key) => !again.has(key))).toEqual([]);
    expect(again.has('meanwhile')).toBe(true);
  });
});

/** Writes until it fails; with what. */
async function fillUp(write: () => Promise<void>): Promise<unknown> {
  for (let round = 0; round < 10_000; round++) {
    try {
      await write();
    } catch (error) {
      return error;
    }
  }
  throw new Error('the disk did not become full');
}
