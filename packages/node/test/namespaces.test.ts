import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { connect, createNode, SchemaError, SimpleDHTError, type StandardSchemaV1 } from '@simpledht/node';
import { z } from 'zod';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return cluster.settle(
    promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

/** Even numbers, written as text too; judged after a while. */
const even: StandardSchemaV1<number | string, number> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: async (value) => {
      await Promise.resolve();
      const number = Number(value);
      return number % 2 === 0 ? { value: number } : { issues: [{ message: 'must be even', path: ['n'] }] };
    },
  },
};

const user = z.object({ name: z.string(), age: z.coerce.number().default(0) });

describe('a namespace', () => {
  it('has keys of its own, here and on the other nodes', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    await a.put('k', 'own');
    await a.namespace('x').put('k', 'of x');
    await cluster.settle(a.namespace('y').put('k', 'of y', { acks: 'all' }));
    expect(b.getSync('k')).toBe('own');
    expect(b.namespace('x').getSync('k')).toBe('of x');
    expect([...b.namespace('y')]).toEqual([['k', 'of y']]);
    await b.namespace('y').delete('k');
    expect(b.namespace('x').has('k')).toBe(true);
    expect(b.namespace('x').name).toBe('x');
  });

  it.each(['', 'a\u0000b', 'x'.repeat(128), '\ud800', 7])('cannot be called %j', async (name) => {
    cluster = await createTestCluster(1);
    expect(() => cluster.node(0).namespace(name as string)).toThrow(SimpleDHTError);
  });

  it.each([[{ maxKeys: 0 }], [{ maxValueBytes: -1 }], [{ ttl: 0 }], [{ schema: {} }]])(
    'refuses %j',
    async (options) => {
      cluster = await createTestCluster(1);
      expect(() => cluster.node(0).namespace('x', options as object)).toThrow(Object.keys(options)[0] ?? '');
    },
  );

  it('has one set of rules', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const users = node.namespace('users', { schema: user, maxKeys: 1 });
    await users.put('ada', { name: 'Ada' });
    expect(() => node.namespace('users', { maxKeys: 2 })).toThrow('other options');
    expect(await failure(node.namespace('users').put('bob', { name: 'Bob' }))).toMatchObject({ code: 'ERR_MAP_FULL' });
    expect(node.namespace('users', { schema: user, maxKeys: 1 }).has('ada')).toBe(true);
  });

  it('gives its writes a ttl', async () => {
    cluster = await createTestCluster(1);
    const sessions = cluster.node(0).namespace('sessions', { ttl: 1000 });
    await sessions.put('a', 1);
    await sessions.put('b', 1, { ttl: 5000 });
    await sessions.batch([{ type: 'put', key: 'c', value: 1 }]);
    const now = cluster.clock.now();
    expect(['a', 'b', 'c'].map((key) => sessions.entry(key)?.expiresAt)).toEqual([now + 1000, now + 5000, now + 1000]);
  });
});

describe('a schema', () => {
  it('of zod types and validates, and what it makes of a value is stored', async () => {
    cluster = await createTestCluster(1);
    const users = cluster.node(0).namespace('users', { schema: user });
    expectTypeOf(users.getSync('k')).toEqualTypeOf<{ name: string; age: number } | undefined>();
    await users.put('ada', { name: 'Ada', age: '36' });
    expect(users.getSync('ada')).toEqual({ name: 'Ada', age: 36 });
    const error = await failure(users.put('bob', { name: 5 } as never));
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({ code: 'ERR_SCHEMA', issues: [{ path: ['name'] }] });
    expect(users.has('bob')).toBe(false);
  });

  it('may take its time', async () => {
    cluster = await createTestCluster(1);
    const numbers = cluster.node(0).namespace('numbers', { schema: even });
    await numbers.put('two', '2');
    expect(numbers.getSync('two')).toBe(2);
    expect(await failure(numbers.put('three', 3))).toMatchObject({
      issues: [{ message: 'must be even', path: ['n'] }],
    });
    const batch = numbers.batch([
      { type: 'put', key: 'four', value: 4 },
      { type: 'put', key: 'five', value: 5 },
    ]);
    expect(await failure(batch)).toBeInstanceOf(SchemaError);
    expect(numbers.has('four')).toBe(false);
    expect((await numbers.update('two', (value = 0) => value + 2)).value).toBe(4);
    expect(await failure(numbers.putIf('two', 1, { version: numbers.entry('two')?.version }))).toBeInstanceOf(
      SchemaError,
    );
  });

  it('rejects with what it throws', async () => {
    cluster = await createTestCluster(1);
    const thrown = new Error('broken schema');
    const validate = (): never => {
      throw thrown;
    };
    const schema: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'by hand', validate } };
    expect(await failure(cluster.node(0).namespace('x', { schema }).put('k', 1))).toBe(thrown);
  });
});

describe('limits of a namespace', () => {
  it('refuse new keys beyond maxKeys, whoever wrote those that are there', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    await cluster.settle(b.namespace('x').put('0', 1, { acks: 'all' }));
    const map = a.namespace('x', { maxKeys: 3 });
    await map.put('1', 1);
    await map.put('1', 2);
    await cluster.settle(b.namespace('x').put('2', 1, { acks: 'all' }));
    await cluster.advance(10);
    expect(await failure(map.put('3', 1))).toMatchObject({ code: 'ERR_MAP_FULL' });
    await map.put('2', 2);
    await map.delete('0');
    await map.batch([
      { type: 'delete', key: '1' },
      { type: 'put', key: '3', value: 1 },
      { type: 'put', key: '4', value: 1 },
    ]);
    expect([...map.keys()]).toEqual(['2', '3', '4']);
    expect(await failure(map.batch([{ type: 'put', key: '5', value: 1 }]))).toMatchObject({ code: 'ERR_MAP_FULL' });
    await cluster.settle(map.clear());
    for (const key of ['a', 'b', 'c']) await map.put(key, 1);
    expect(await failure(map.put('d', 1))).toMatchObject({ code: 'ERR_MAP_FULL' });
    await a.put('not in x', 1);
  });

  it('refuse values beyond maxValueBytes', async () => {
    cluster = await createTestCluster(1);
    const map = cluster.node(0).namespace('x', { maxValueBytes: 10 });
    await map.put('k', 'x'.repeat(9));
    expect(await failure(map.put('k', 'x'.repeat(10)))).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
  });
});

describe('options of the node', () => {
  it.each([
    { maxKeys: 0 },
    { maxStoreBytes: 1.5 },
    { maxWatchers: '7' },
    { tombstoneGraceMs: -1 },
    { forgetAfterMs: 0.5 },
    { preset: 'moon' as 'lan' },
  ])('%j is refused by name', async (options) => {
    cluster = await createTestCluster(1);
    const error = await failure(createNode({ port: 0, ...(options as object) }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expect((error as Error).message).toContain(Object.keys(options)[0]);
  });
});

describe('a client', () => {
  it('puts with a ttl, and reads many', async () => {
    cluster = await createTestCluster(1);
    const node = await createNode({ host: '127.0.0.1', port: 0 });
    try {
      await using client = await connect({ port: node.port });
      const beforeMs = Date.now();
      await client.put('k', 1, { ttl: 60_000 });
      expect((await client.entry('k'))?.expiresAt).toBeGreaterThanOrEqual(beforeMs + 60_000);
      await client.put('null', null);
      expect(await client.getMany(['k', 'none', 'null'])).toEqual([1, undefined, null]);
      await expect(client.put('k', 1, { ttl: -1 })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
      expect(await client.forget('0'.repeat(32))).toBe(false);
    } finally {
      await node.stop();
    }
  });
});
