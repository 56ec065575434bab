import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimpleDHTError } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await createTestCluster(2);
});

afterAll(async () => {
  await cluster.stop();
});

const values: readonly (readonly [string, unknown])[] = [
  ['zero', 0],
  ['the empty string', ''],
  ['false', false],
  ['null', null],
  ['a fraction', 0.1],
  ['a bigint', 2n ** 63n - 1n],
  ['bytes', new Uint8Array([0, 255, 128])],
  ['no bytes', new Uint8Array(0)],
  ['a date', new Date('2026-11-23T01:02:03.004Z')],
  ['nested objects', { list: [1, { deep: { deeper: ['x', null, true] } }], '': 'empty name' }],
  ['a 1 MiB value', 'v'.repeat(1_048_576 - 5)],
  ['emoji', '👩‍👩‍👧‍👦 \u0000 \n'],
];

describe('values', () => {
  it.each(values)('%s is stored and replicated', async (name, value) => {
    const [writer, reader] = [cluster.node(0), cluster.node(1)];
    await cluster.settle(writer.put(name, value, { acks: 'all' }));
    expect(await writer.get(name)).toEqual(value);
    expect(reader.getSync(name)).toEqual(value);
    expect(reader.has(name)).toBe(true);
  });

  it('a value is what it was when it was put', async () => {
    const value = { list: [1], bytes: new Uint8Array([1]) };
    await cluster.node(0).put('aliased', value);
    value.list.push(2);
    value.bytes[0] = 9;
    expect(cluster.node(0).getSync('aliased')).toEqual({ list: [1], bytes: new Uint8Array([1]) });
    (cluster.node(0).getSync('aliased') as { list: number[] }).list.push(3);
    expect(cluster.node(0).getSync('aliased')).toEqual({ list: [1], bytes: new Uint8Array([1]) });
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['a function', () => 1],
    ['a function deep inside', { a: [1, { b: () => 1 }] }],
    ['a Map with object keys', new Map([[{}, 1]])],
    ['a symbol', Symbol('s')],
    ['a lone surrogate', 'x\ud800'],
    ['a lone surrogate in a name', { 'x\ud800': 1 }],
    ['a typed array that is not bytes', new Float64Array(2)],
    ['a class instance', new URL('http://localhost/')],
    ['a bigint beyond 64 bits', 2n ** 64n],
  ];

  it.each(wrong)('%s is refused and nothing is stored', async (_, value) => {
    const before = cluster.node(0).size;
    const error = await cluster
      .node(0)
      .put('refused', value)
      .catch((cause: unknown) => cause);
    expect(SimpleDHTError.is(error, 'ERR_INVALID_VALUE')).toBe(true);
    expect(cluster.node(0).has('refused')).toBe(false);
    expect(cluster.node(0).size).toBe(before);
  });

  it('a value over the limit is refused, with the limit in the text', async () => {
    const error = await cluster
      .node(0)
      .put('big', 'v'.repeat(1_048_577))
      .catch((cause: unknown) => cause);
    expect(SimpleDHTError.is(error, 'ERR_VALUE_TOO_LARGE')).toBe(true);
    expect((error as Error).message).toContain('1048576');
    expect(cluster.node(0).has('big')).toBe(false);
  });
});

describe('keys', () => {
  it.each(['a', '👋', 'line\nbreak', '\u0000', ' ', 'ключ', '__proto__', 'k'.repeat(1024), '€'.repeat(341)])(
    '%j is stored and replicated',
    async (key) => {
      await cluster.settle(cluster.node(1).put(key, { key }, { acks: 2 }));
      expect(cluster.node(0).getSync(key)).toEqual({ key });
      expect([...cluster.node(0).keys({ gte: key, lte: key })]).toEqual([key]);
    },
  );

  it.each([
    ['an empty key', '', 'ERR_INVALID_KEY'],
    ['a key over 1 KiB', 'k'.repeat(1025), 'ERR_KEY_TOO_LARGE'],
    ['a key over 1 KiB of UTF-8', '€'.repeat(342), 'ERR_KEY_TOO_LARGE'],
    ['a lone surrogate', '\udc00', 'ERR_INVALID_KEY'],
    ['a number', 7 as unknown as string, 'ERR_INVALID_KEY'],
  ] as const)('%s is refused everywhere', async (_, key, code) => {
    const node = cluster.node(0);
    for (const call of [() => node.put(key, 1), () => node.get(key), () => node.delete(key)])
      expect(SimpleDHTError.is(await call().catch((cause: unknown) => cause), code)).toBe(true);
    expect(() => node.getSync(key)).toThrow(SimpleDHTError);
    expect(() => node.has(key)).toThrow(SimpleDHTError);
  });

  it('are listed in the order of their bytes, within bounds', async () => {
    const small = await createTestCluster(1);
    const node = small.node(0);
    const keys = ['b', 'a', 'aa', '\u{1f600}', '\ufffd', 'a/1', 'a/2', 'a0', 'é'];
    for (const key of keys) await node.put(key, key);
    await node.delete('a0');
    expect([...node.keys()]).toEqual(['a', 'a/1', 'a/2', 'aa', 'b', 'é', '\ufffd', '\u{1f600}']);
    expect([...node.keys({ prefix: 'a/' })]).toEqual(['a/1', 'a/2']);
    expect([...node.keys({ gt: 'a', lte: 'b' })]).toEqual(['a/1', 'a/2', 'aa', 'b']);
    expect([...node.keys({ reverse: true, limit: 2 })]).toEqual(['\u{1f600}', '\ufffd']);
    expect([...node.values({ lt: 'a/2' })]).toEqual(['a', 'a/1']);
    expect([...node].length).toBe(8);
    expect([...node.keys({ limit: 0 })]).toEqual([]);
    expect(() => [...node.keys({ limit: -1 })]).toThrow('limit');
    await small.stop();
  });
});
