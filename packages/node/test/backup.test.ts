import { afterEach, describe, expect, it } from 'vitest';
import { memoryStore, type Store } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

describe('node.backup', () => {
  it('hands the path to the store, once everything written before is durable', async () => {
    const calls: string[] = [];
    const methods: Partial<Store> = {
      durable: true,
      flush: () => {
        calls.push('flush');
        return Promise.resolve();
      },
      backup: (path) => {
        calls.push(path);
        return Promise.resolve();
      },
    };
    const memory = memoryStore();
    const store = new Proxy(memory, {
      get: (target, name) => {
        const member: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    cluster = await createTestCluster(1, { node: () => ({ store }) });
    const put = cluster.node(0).put('k', 1);
    calls.length = 0;
    await cluster.settle(cluster.node(0).backup('/somewhere'));
    await cluster.settle(put);
    expect(calls.slice(-2)).toEqual(['flush', '/somewhere']);
  });

  it('says by name that the memory store has none', async () => {
    cluster = await createTestCluster(1);
    await expect(cluster.node(0).backup('/somewhere')).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
  });
});
