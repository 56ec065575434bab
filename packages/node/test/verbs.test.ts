import { afterEach, describe, expect, it } from 'vitest';
import { InDoubtError, SimpleDHTError, VersionMismatchError, type BatchOperation, type DHTNode } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

async function one(): Promise<DHTNode> {
  cluster = await createTestCluster(1);
  return cluster.node(0);
}

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return cluster.settle(outcome(promise));
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await failure(promise);
  return SimpleDHTError.is(error) ? error.code : undefined;
}

describe('ttl', () => {
  it('is an absolute expiry, the same everywhere, and hides the value when it is over', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    const expiresAt = cluster.clock.now() + 500;
    await cluster.settle(a.put('k', 1, { ttl: 500, acks: 'all' }));
    expect(a.entry('k')?.expiresAt).toBe(expiresAt);
    expect(b.entry('k')?.expiresAt).toBe(expiresAt);
    await cluster.advance(expiresAt - cluster.clock.now() - 1);
    expect([a.getSync('k'), b.getSync('k')]).toEqual([1, 1]);
    await cluster.advance(1);
    expect([a.getSync('k'), b.getSync('k')]).toEqual([undefined, undefined]);
    expect([...a.keys()]).toEqual([]);
  });

  it('is told when it is over, by event and to who watches', async () => {
    const node = await one();
    const expired: unknown[] = [];
    const changes: unknown[] = [];
    node.on('expired', (event) => expired.push(event));
    node.on('change', ({ key, deleted, expired: isExpired }) => changes.push([key, deleted, isExpired]));
    const watch = node.namespace('n').watch({ initial: false });
    const { version } = await node.namespace('n').put('k', 1, { ttl: 100 });
    await cluster.advance(1000);
    expect(expired).toEqual([{ namespace: 'n', key: 'k', version }]);
    expect(changes).toEqual([
      ['k', false, false],
      ['k', true, true],
    ]);
    const types: unknown[] = [];
    for (let count = 0; count < 3; count++) types.push((await cluster.settle(watch.next())).value?.type);
    expect(types).toEqual(['synced', 'put', 'expired']);
  });

  it('is not kept by a put without it', async () => {
    const node = await one();
    await node.put('k', 1, { ttl: 500 });
    await node.put('k', 2);
    expect(node.entry('k')?.expiresAt).toBeUndefined();
  });

  it.each([0, -1, Number.NaN, Infinity, '5', null])('%j is refused, and nothing is written', async (ttl) => {
    const node = await one();
    const bad = ttl as number;
    expect(await codeOf(node.put('k', 1, { ttl: bad }))).toBe('ERR_INVALID_OPTION');
    expect(await codeOf(node.batch([{ type: 'put', key: 'k', value: 1, ttl: bad }]))).toBe('ERR_INVALID_OPTION');
    expect(node.size).toBe(0);
  });

  it('a fraction of a ms is a whole one', async () => {
    const node = await one();
    await node.put('k', 1, { ttl: 0.25 });
    expect(node.entry('k')?.expiresAt).toBe(cluster.clock.now() + 1);
  });
});

describe('batch', () => {
  it('makes all writes, tells the version of each, and is there everywhere', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    await a.put('old', 1);
    const operations: BatchOperation[] = [
      { type: 'put', key: 'a', value: 1 },
      { type: 'delete', key: 'old' },
      { type: 'put', key: 'a', value: 2 },
      { type: 'put', key: 'b', value: 3, ttl: 1000 },
    ];
    const { versions, acknowledged } = await cluster.settle(a.batch(operations, { acks: 'all' }));
    expect(acknowledged).toBe(2);
    expect(new Set(versions).size).toBe(4);
    expect(b.entry('a')).toMatchObject({ value: 2, version: versions[2] });
    expect([...b.entries()]).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('is all or nothing', async () => {
    const node = await one();
    const good: BatchOperation = { type: 'put', key: 'good', value: 1 };
    const bad: [unknown, string][] = [
      [{ type: 'put', key: 'f', value: () => 1 }, 'ERR_INVALID_VALUE'],
      [{ type: 'put', key: '', value: 1 }, 'ERR_INVALID_KEY'],
      [{ type: 'take', key: 'k' }, 'ERR_INVALID_OPTION'],
      [undefined, 'ERR_INVALID_OPTION'],
    ];
    for (const [operation, code] of bad)
      expect(await codeOf(node.batch([good, operation as BatchOperation]))).toBe(code);
    expect(await codeOf(node.batch({} as BatchOperation[]))).toBe('ERR_INVALID_OPTION');
    expect(await codeOf(node.batch([good], { acks: 2 }))).toBe('ERR_TOO_FEW_MEMBERS');
    expect(node.size).toBe(0);
    expect(await node.batch([])).toEqual({ versions: [], acknowledged: 1 });
  });

  it('is bounded in operations and in bytes', async () => {
    const node = await one();
    const puts = (count: number, value: unknown): BatchOperation[] =>
      Array.from({ length: count }, (_, index) => ({ type: 'put', key: `key ${String(index)}`, value }));
    expect(await codeOf(node.batch(puts(32_769, 0)))).toBe('ERR_LIMIT_REACHED');
    expect(await codeOf(node.batch(puts(5, 'x'.repeat(1_000_000))))).toBe('ERR_LIMIT_REACHED');
    expect(node.size).toBe(0);
    await node.batch(puts(32_768, 0));
    expect(node.size).toBe(32_768);
  });
});

describe('putIf', () => {
  it('writes only over the version that was named', async () => {
    const node = await one();
    const first = await node.putIf('k', 1, { version: undefined });
    const taken = await failure(node.putIf('k', 2, { version: null }));
    expect(taken).toBeInstanceOf(VersionMismatchError);
    expect(taken).toMatchObject({ code: 'ERR_VERSION_MISMATCH', expected: undefined, current: first.version });
    const second = await node.putIf('k', 2, { version: first.version });
    const late = await failure(node.putIf('k', 3, { version: first.version }));
    expect(late).toMatchObject({ expected: first.version, current: second.version });
    expect(node.getSync('k')).toBe(2);
    await node.delete('k');
    expect(await failure(node.putIf('k', 4, { version: second.version }))).toMatchObject({ current: undefined });
    await node.putIf('k', 5, { version: node.entry('k')?.version });
    expect(node.getSync('k')).toBe(5);
  });
});

describe('update', () => {
  it('writes what is made of the value, deletes with undefined, and keeps the expiry', async () => {
    const node = await one();
    const add = (value: unknown): unknown => (typeof value === 'number' ? value + 1 : 1);
    expect(await node.update('n', add)).toMatchObject({ value: 1, acknowledged: 1 });
    expect((await node.update('n', add)).value).toBe(2);
    const expiresAt = cluster.clock.now() + 1000;
    await node.put('n', 2, { ttl: 1000 });
    await node.update('n', add);
    expect(node.entry('n')).toMatchObject({ value: 3, expiresAt });
    await node.update('n', add, { ttl: 5000 });
    expect(node.entry('n')?.expiresAt).toBe(cluster.clock.now() + 5000);
    expect((await node.update('n', () => undefined)).version).toBeDefined();
    expect(node.has('n')).toBe(false);
    expect(await node.update('n', () => undefined)).toEqual({ value: undefined, version: undefined, acknowledged: 0 });
  });

  it('of many at once none is lost on one node', async () => {
    const node = await one();
    const add = (value: unknown): unknown => Number(value ?? 0) + 1;
    await Promise.all(Array.from({ length: 50 }, () => node.update('n', add)));
    expect(node.getSync('n')).toBe(50);
  });

  it('asks again when the key was written while it waited, and gives up at last', async () => {
    const node = await one();
    let asked = 0;
    const slow = async (value: unknown): Promise<unknown> => {
      asked += 1;
      await Promise.resolve();
      if (asked === 1) await node.put('n', 10);
      return Number(value ?? 0) + 1;
    };
    expect((await node.update('n', slow)).value).toBe(11);
    expect(asked).toBe(2);
    const disturbed = node.update('n', async (value) => {
      await node.put('n', Number(value) + 1);
      return 0;
    });
    expect(await codeOf(disturbed)).toBe('ERR_VERSION_MISMATCH');
    expect(node.getSync('n')).toBe(11 + 16);
  });

  it('rejects with what the function throws, and nothing is written', async () => {
    const node = await one();
    const thrown = new Error('no');
    const refuse = (): never => {
      throw thrown;
    };
    expect(await failure(node.update('n', refuse))).toBe(thrown);
    expect(node.size).toBe(0);
  });
});

describe('touch', () => {
  it('gives a new expiry to what is there', async () => {
    const node = await one();
    expect(await node.touch('k', { ttl: 100 })).toBe(false);
    await node.put('k', 'v');
    expect(await node.touch('k', { ttl: 100 })).toBe(true);
    expect(node.entry('k')).toMatchObject({ value: 'v', expiresAt: cluster.clock.now() + 100 });
    expect(await node.touch('k', { ttl: undefined })).toBe(true);
    expect(node.entry('k')?.expiresAt).toBeUndefined();
  });
});

describe('clear', () => {
  it('deletes what begins with the prefix, everywhere, and tells how many there were', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    for (let index = 0; index < 700; index++) await a.put(`x:${String(index)}`, index);
    await a.put('y', 1);
    await a.namespace('other').put('x:1', 1);
    expect(await cluster.settle(a.clear({ prefix: 'x:', acks: 'all' }))).toBe(700);
    expect([...a.keys()]).toEqual(['y']);
    expect([...b.keys()]).toEqual(['y']);
    expect(a.namespace('other').has('x:1')).toBe(true);
    expect(await cluster.settle(a.clear())).toBe(1);
    expect(await cluster.settle(a.clear())).toBe(0);
  });

  it('leaves alone what is written meanwhile', async () => {
    const node = await one();
    for (let index = 0; index < 1000; index++) await node.put(`k${String(index)}`, index);
    const cleared = node.clear();
    await node.put('zz new', 1);
    await node.put('k999', 'again');
    await cluster.settle(cleared);
    expect([...node.entries()]).toEqual([
      ['k999', 'again'],
      ['zz new', 1],
    ]);
  });

  it('stops between two steps with its signal', async () => {
    const node = await one();
    for (let index = 0; index < 1000; index++) await node.put(`k${String(index)}`, index);
    const controller = new AbortController();
    const cleared = failure(node.clear({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await cleared).toEqual(new Error('enough'));
    expect(node.size).toBe(1000 - 256);
  });
});

describe('getMany', () => {
  it('gives the values in the order of the keys, undefined for what is not there', async () => {
    const node = await one();
    await node.batch([
      { type: 'put', key: 'a', value: null },
      { type: 'put', key: 'b', value: 2 },
    ]);
    expect(await node.getMany(['b', 'none', 'a', 'b'])).toEqual([2, undefined, null, 2]);
    expect(await node.getMany([])).toEqual([]);
    expect(await codeOf(node.getMany(['a', '']))).toBe('ERR_INVALID_KEY');
  });
});

describe('a write in doubt', () => {
  it('says which version stays', async () => {
    cluster = await createTestCluster(2);
    cluster.partition([0], [1]);
    const node = cluster.node(0);
    const terms = { acks: 2, timeout: 50 };
    const writes = [node.put('k', 1, terms), node.batch([{ type: 'put', key: 'b', value: 1 }], terms)].map(outcome);
    for (const error of await cluster.settle(Promise.all(writes))) {
      expect(error).toBeInstanceOf(InDoubtError);
      expect(error).toMatchObject({ acknowledged: 1, needed: 2 });
    }
    const error = await failure(node.put('k', 2, { acks: 2, timeout: 50 }));
    expect(error).toMatchObject({ version: node.entry('k')?.version });
  });
});

describe('listing in a namespace', () => {
  const keys = ['a', 'a\u0000', 'ab', 'b', 'ä', '\uffff', '😀'];

  it.each([
    [{}, keys],
    [{ prefix: 'a' }, ['a', 'a\u0000', 'ab']],
    [{ gt: 'a' }, keys.slice(1)],
    [{ gte: 'ab', lt: 'ä' }, ['ab', 'b']],
    [{ gt: 'ab', lte: 'ä' }, ['b', 'ä']],
    [{ gt: '', lt: '' }, []],
    [{ gte: '', lte: '' }, []],
    [{ gt: '' }, keys],
    [{ prefix: '', reverse: true, limit: 2 }, ['😀', '\uffff']],
    [{ prefix: 'a', reverse: true }, ['ab', 'a\u0000', 'a']],
    [{ prefix: 'a', gt: 'a', limit: 1 }, ['a\u0000']],
    [{ limit: 0 }, []],
  ])('%j', async (options, expected) => {
    const node = await one();
    for (const name of ['n', 'n2', 'm']) {
      const map = node.namespace(name);
      for (const key of keys) await map.put(key, name);
    }
    await node.put('outside', 1);
    const map = node.namespace('n');
    expect([...map.keys(options)]).toEqual(expected);
    expect([...map.entries(options)]).toEqual(expected.map((key) => [key, 'n']));
    expect([...map.values(options)]).toHaveLength(expected.length);
  });

  it.each([{ prefix: 1 }, { gt: null }, { lte: {} }, { limit: -1 }])('refuses %j', async (options) => {
    const node = await one();
    expect(() => [...node.keys(options as object)]).toThrow(Object.keys(options)[0] ?? '');
  });
});

describe('forget', () => {
  it('ends the waiting for a dead member, on every node', async () => {
    cluster = await createTestCluster(3);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    const { id } = cluster.node(2);
    expect(() => a.forget(id)).toThrow('alive');
    await cluster.crash(2);
    await cluster.until(() => [a, b].every((node) => node.peers.some(({ state }) => state === 'dead')));
    expect(await codeOf(a.put('k', 1, { acks: 'all', timeout: 500 }))).toBe('ERR_IN_DOUBT');
    expect(a.forget(id)).toBe(true);
    expect(a.forget(id)).toBe(false);
    await cluster.until(() => [a, b].every((node) => node.info().members === 2));
    expect((await cluster.settle(b.put('k', 2, { acks: 'all' }))).acknowledged).toBe(2);
    await cluster.advance(120_000);
    expect([a.info().members, b.info().members]).toEqual([2, 2]);
    await cluster.restart(2);
    await cluster.until(() => [a, b].every((node) => node.info().alive === 3));
  });

  it('knows nothing of strangers', async () => {
    const node = await one();
    expect(node.forget(node.id)).toBe(false);
  });
});
