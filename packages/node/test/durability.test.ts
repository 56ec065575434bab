import { afterEach, describe, expect, it } from 'vitest';
import { memoryStore, SimpleDHTError, type Store } from '@simpledht/node';
import type { StoreBatch } from '@simpledht/storage';
import { createTestCluster, type DiskWatcher, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

/** A store whose disk answers when the test says so. */
class SlowDisk {
  readonly store: Store;
  flushes = 0;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #held = false;

  constructor() {
    const memory = memoryStore();
    const flush = (): Promise<void> => this.#flush();
    this.store = new Proxy(memory, {
      get: (target, name) => {
        if (name === 'durable') return true;
        if (name === 'flush') return flush;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  hold(): void {
    this.#held = true;
  }

  release(error?: Error): void {
    this.#held = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting)
      if (error === undefined) resolve();
      else reject(error);
  }

  #flush(): Promise<void> {
    this.flushes++;
    if (!this.#held) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

describe('with a store that outlives the process', () => {
  it('a put settles, and leaves the node, only once it is durable', async () => {
    const disk = new SlowDisk();
    cluster = await createTestCluster(2, { node: (index) => (index === 0 ? { store: disk.store } : {}) });
    disk.hold();
    let settled = false;
    const put = cluster.node(0).put('k', 1);
    void put.then(() => (settled = true));
    await cluster.advance(1000);
    expect(settled).toBe(false);
    expect(cluster.node(0).getSync('k')).toBe(1);
    expect(cluster.node(1).has('k')).toBe(false);
    disk.release();
    await cluster.settle(put);
    await cluster.until(() => cluster.node(1).has('k'));
  });

  it('a member acknowledges only what it has made durable', async () => {
    const disk = new SlowDisk();
    cluster = await createTestCluster(2, { node: (index) => (index === 1 ? { store: disk.store } : {}) });
    disk.hold();
    let settled = false;
    const put = cluster.node(0).put('k', 1, { acks: 'all', timeout: 4000 });
    void put.then(() => (settled = true));
    await cluster.advance(1000);
    expect(cluster.node(1).getSync('k')).toBe(1);
    expect(settled).toBe(false);
    disk.release();
    expect((await cluster.settle(put)).acknowledged).toBe(2);
  });

  it('all writes of a turn share one flush', async () => {
    const disk = new SlowDisk();
    cluster = await createTestCluster(1, { node: () => ({ store: disk.store }) });
    const before = disk.flushes;
    await cluster.settle(
      Promise.all(Array.from({ length: 100 }, (_, i) => cluster.node(0).put(`key ${String(i)}`, i))),
    );
    expect(disk.flushes - before).toBeLessThanOrEqual(3);
  });

  it('a put while the store flushes is made durable by the next flush', async () => {
    const disk = new SlowDisk();
    cluster = await createTestCluster(1, { node: () => ({ store: disk.store }) });
    disk.hold();
    const first = cluster.node(0).put('first', 1);
    await cluster.advance(10);
    const second = cluster.node(0).put('second', 2);
    await cluster.advance(10);
    disk.release();
    await cluster.settle(Promise.all([first, second]));
  });

  it('a disk that fails rejects the put by name, is reported, and the node goes on', async () => {
    const disk = new SlowDisk();
    cluster = await createTestCluster(2, { node: (index) => (index === 0 ? { store: disk.store } : {}) });
    const errors: Error[] = [];
    cluster.node(0).on('error', (error) => errors.push(error));
    disk.hold();
    const put = cluster
      .node(0)
      .put('k', 1)
      .catch((error: unknown) => error);
    await cluster.advance(10);
    disk.release(new Error('no space left'));
    const error = await cluster.settle(put);
    expect(SimpleDHTError.is(error, 'ERR_STORE')).toBe(true);
    expect((error as Error).cause).toEqual(new Error('no space left'));
    expect(errors).toEqual([error]);
    await cluster.settle(cluster.node(0).put('after', 2, { acks: 'all' }));
    expect(cluster.node(1).getSync('after')).toBe(2);
  });
});

describe('a node that stops while others write', () => {
  it('keeps no record without what is said of it: counts and coverage', async () => {
    const batches: StoreBatch[] = [];
    const watchDisk = (index: number): DiskWatcher => ({
      applied: (batch) => {
        if (index === 1) batches.push(batch);
      },
    });
    cluster = await createTestCluster(2, { disk: [50, 50], watchDisk });
    // What comes while it flushes for the last time comes too late.
    cluster.slowDisk(1, 4);
    const write = async (count: number): Promise<void> => {
      cluster
        .node(0)
        .put('k', count)
        .catch(() => undefined);
      await cluster.advance(5);
    };
    for (let count = 0; count < 40; count++) await write(count);
    const stop = new AbortController();
    const left = cluster.leave(1).then(() => {
      stop.abort();
    });
    for (let count = 40; !stop.signal.aborted; count++) await write(count);
    await left;
    const lastRecords = batches.findLastIndex(({ records = [] }) => records.length > 0);
    const lastState = batches.findLastIndex(({ meta = [] }) => meta.some(([name]) => name.startsWith('replica/')));
    expect(lastRecords).toBeGreaterThan(-1);
    expect(lastState).toBeGreaterThan(lastRecords);
  });
});
