import { afterEach, describe, expect, it } from 'vitest';
import { SimpleDHTError, type DHTNode, type WatchEvent, type WatchIterator } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';
import { Reader } from './support/reader.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

/** The next so many events, as short lines. */
async function read(watch: WatchIterator, count: number): Promise<string[]> {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const { value } = await cluster.settle(watch.next());
    lines.push(value === undefined ? 'end' : line(value));
  }
  return lines;
}

function line(event: WatchEvent): string {
  if (event.type === 'synced') return 'synced';
  if (event.type === 'lagged') return event.restart ? 'lagged, restart' : 'lagged';
  return `${event.type} ${event.key}${event.value === undefined ? '' : ` ${JSON.stringify(event.value)}`}`;
}

async function tokenOf(watch: WatchIterator): Promise<string> {
  for (;;) {
    const { value } = await cluster.settle(watch.next());
    if (value !== undefined && 'token' in value && value.token !== undefined) return value.token;
  }
}

function contents(node: DHTNode, prefix: string): [string, unknown][] {
  return [...node.entries({ prefix })];
}

describe('a watch', () => {
  it('gives what is there in key order, synced, and then every change, local and remote, in order', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    await a.put('b', 2);
    await a.put('a', 1);
    await a.put('c', 3);
    await a.delete('c');
    const watch = a.watch();
    expect(await read(watch, 3)).toEqual(['entry a 1', 'entry b 2', 'synced']);
    await a.put('a', 10);
    await a.put('a', 11);
    await a.delete('b');
    expect(await read(watch, 3)).toEqual(['put a 10', 'put a 11', 'delete b']);
    await b.put('d', { deep: true });
    expect(await read(watch, 1)).toEqual(['put d {"deep":true}']);
  });

  it('sees its prefix only, and a namespace its own keys', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const users = node.namespace('users');
    const [some, named] = [node.watch({ prefix: 'a:' }), users.watch()];
    expect(await read(some, 1)).toEqual(['synced']);
    expect(await read(named, 1)).toEqual(['synced']);
    await node.batch([
      { type: 'put', key: 'a', value: 0 },
      { type: 'put', key: 'a:1', value: 1 },
      { type: 'put', key: 'b:1', value: 2 },
    ]);
    await users.put('a:2', 3);
    await node.put('a:3', 4);
    expect(await read(some, 2)).toEqual(['put a:1 1', 'put a:3 4']);
    expect(await read(named, 1)).toEqual(['put a:2 3']);
  });

  it('with initial: false begins with what is written from now on', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const other = node.watch();
    await node.put('before', 1);
    const watch = node.watch({ initial: false });
    await node.put('after', 2);
    expect(await read(watch, 2)).toEqual(['synced', 'put after 2']);
    expect(await read(other, 3)).toEqual(['entry after 2', 'entry before 1', 'synced']);
  });

  it('does not tell again what it has just read', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const name = (index: number): string => `k${String(index).padStart(3, '0')}`;
    await node.batch(Array.from({ length: 600 }, (_, index) => ({ type: 'put', key: name(index), value: 0 })));
    const watch = node.watch();
    expect((await read(watch, 256)).at(-1)).toBe('entry k255 0');
    // Both writes are made when the next keys are read, and neither has been told yet.
    for (const value of [1, 2]) void node.put('k300', value);
    const rest = await read(watch, 600 - 256 + 1);
    expect(rest.at(300 - 256)).toBe('entry k300 2');
    expect(rest.at(-1)).toBe('synced');
    await node.put('end', 1);
    expect(await read(watch, 1)).toEqual(['put end 1']);
  });

  it('says who wrote what and when it expires', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const watch = node.watch();
    await read(watch, 1);
    const { version } = await node.put('k', 1, { ttl: 1000 });
    const { value } = await cluster.settle(watch.next());
    expect(value).toMatchObject({
      type: 'put',
      key: 'k',
      version,
      writer: node.id,
      expiresAt: cluster.clock.now() + 1000,
    });
  });
});

describe('a watch resumed from a token', () => {
  it('gives the latest state of what changed, on this node and on another', async () => {
    cluster = await createTestCluster(2);
    const [a, b] = [cluster.node(0), cluster.node(1)];
    for (const key of ['a', 'b', 'c']) await a.put(key, 0);
    const token = await tokenOf(a.watch());
    await a.put('a', 1);
    await a.put('a', 2);
    await a.delete('b');
    await b.put('d', 3);
    await cluster.until(() => cluster.converged());
    for (const node of [a, b]) {
      const lines = await read(node.watch({ from: token }), 4);
      expect(lines.slice(0, 3).sort()).toEqual(['delete b', 'put a 2', 'put d 3']);
      expect(lines[3]).toBe('synced');
    }
  });

  it('works from the token of a change, and gives nothing twice', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const watch = node.watch();
    await read(watch, 1);
    await node.put('a', 1);
    const token = await tokenOf(watch);
    await node.put('b', 2);
    expect(await read(node.watch({ from: token }), 2)).toEqual(['put b 2', 'synced']);
  });

  it('gives a token that covers no write which comes after it', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    node.on('change', ({ key }) => {
      if (key === 'cause') void node.put('effect', 1);
    });
    const watch = node.watch();
    await read(watch, 1);
    await node.put('cause', 1);
    const token = await tokenOf(watch);
    expect(await read(node.watch({ from: token }), 2)).toEqual(['put effect 1', 'synced']);
  });

  it('reads the keys when more has changed than is worth looking up one by one', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    await node.put('first', 0);
    const token = await tokenOf(node.watch());
    for (let index = 0; index < 5000; index++) await node.put(`key ${String(index).padStart(4, '0')}`, index);
    const lines = await read(node.watch({ from: token }), 5001);
    expect(lines[0]).toBe('put key 0000 0');
    expect(lines[4999]).toBe('put key 4999 4999');
    expect(lines[5000]).toBe('synced');
  });

  it.each(['', '!', 'AAAA', 'not a token', 7])('refuses %j', async (from) => {
    cluster = await createTestCluster(1);
    const watch = (): unknown => cluster.node(0).watch({ from: from as string });
    expect(watch).toThrow(SimpleDHTError);
    expect(watch).toThrow('from');
  });
});

describe('a slow reader', () => {
  it('is told that it lagged, gets the latest state, and costs the others nothing', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const [slow, quick] = [new Reader(''), new Reader('')];
    for (const reader of [slow, quick]) reader.begin(node, false);
    slow.allow(1);
    quick.allow(Infinity);
    await cluster.until(() => slow.isSynced && quick.isSynced);
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 100; index++) await node.put(`key ${String(index)}`, round);
      await cluster.advance(1);
    }
    expect(quick.kinds.filter((kind) => kind === 'put')).toHaveLength(5000);
    expect(quick.kinds).not.toContain('lagged');
    slow.allow(Infinity);
    await cluster.until(() => slow.isSynced && slow.kinds.includes('lagged'));
    await cluster.advance(10);
    expect(slow.kinds.length).toBeLessThan(1 + 4096 + 1 + 100 + 1 + 1);
    expect([...slow.map].sort()).toEqual([...quick.map].sort());
  });

  it('lags by bytes, too', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const watch = node.watch();
    await read(watch, 1);
    for (let index = 0; index < 20; index++) await node.put('large', 'x'.repeat(1_000_000));
    await cluster.advance(10);
    const lines = (await read(watch, 19)).map((text) => text.slice(0, 9));
    expect(lines.slice(0, 16)).toEqual(Array.from({ length: 16 }, () => 'put large'));
    expect(lines.slice(16)).toEqual(['lagged', 'put large', 'synced']);
  });
});

describe('the end of a watch', () => {
  it('comes with break, with the signal and with the node, and is no error', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    const untilSynced = async (): Promise<void> => {
      for await (const event of node.watch()) if (event.type === 'synced') break;
    };
    await cluster.settle(untilSynced());
    const controller = new AbortController();
    const aborted = node.watch({ signal: controller.signal });
    expect(await read(aborted, 1)).toEqual(['synced']);
    const pending = aborted.next();
    controller.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    const early = node.watch({ signal: controller.signal });
    expect(await early.next()).toEqual({ done: true, value: undefined });
    const last = node.watch();
    expect(await read(last, 1)).toEqual(['synced']);
    const waiting = last.next();
    await cluster.stopNode(0);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(() => node.watch()).toThrow('stopped');
  });

  it('comes with return, while next is waiting', async () => {
    cluster = await createTestCluster(1);
    const watch = cluster.node(0).watch();
    await read(watch, 1);
    const [first, second] = [watch.next(), watch.next()];
    await watch.return();
    expect(await first).toEqual({ done: true, value: undefined });
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('makes room for another: watches are bounded', async () => {
    cluster = await createTestCluster(1, { node: () => ({ maxWatchers: 2 }) });
    const node = cluster.node(0);
    const watches = [node.watch(), node.watch()];
    expect(() => node.watch()).toThrow('maxWatchers');
    await watches[0]?.return();
    await node.watch().return();
  });
});

describe('whatever is written, however slow the reader, wherever it comes back', () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
  it.each(seeds)('what it rebuilds is what the node holds: seed %i', async (seed) => {
    cluster = await createTestCluster(2, { seed });
    const { random } = cluster;
    const upTo = (most: number): number => Math.floor(random.next() * most);
    const keys = upTo(2) === 0 ? 40 : 900;
    const write = (node: DHTNode): unknown => {
      const key = `${upTo(2) === 0 ? 'a' : 'b'}${String(upTo(keys))}`;
      const kind = upTo(7);
      if (kind === 0) return node.delete(key);
      if (kind === 2) return node.put(key, upTo(1000), { ttl: 1 + upTo(60) });
      if (kind === 1) return node.update(key, (value) => (value === undefined ? 0 : undefined));
      return node.put(key, upTo(1000));
    };
    const readers = ['', 'a', 'b1', ''].map((prefix) => new Reader(prefix));
    for (let index = 0; index < keys; index++) write(cluster.node(upTo(2)));
    for (const reader of readers) reader.begin(cluster.node(upTo(2)), false);
    for (let round = 0; round < 80; round++) {
      const burst = upTo(40) === 0 ? 4300 : upTo(30);
      for (let index = 0; index < burst; index++) write(cluster.node(upTo(2)));
      for (const reader of readers) reader.allow(upTo(8) === 0 ? 2000 : upTo(12));
      if (upTo(2) === 0) await cluster.advance(upTo(10));
      const restless = readers[upTo(readers.length)];
      if (upTo(10) === 0 && restless !== undefined) {
        await restless.end();
        restless.begin(cluster.node(upTo(2)), upTo(5) > 0);
      }
      if (upTo(25) === 0) cluster.partition([0], [1]);
      else if (upTo(8) === 0) cluster.heal();
    }
    cluster.heal();
    for (const reader of readers) reader.allow(Infinity);
    await cluster.until(() => cluster.converged());
    await cluster.until(() => readers.every(({ isSynced, failure }) => isSynced || failure !== undefined));
    await cluster.advance(2000);
    const now = cluster.clock.now();
    for (const { failure, map, prefix } of readers) {
      expect(failure).toBeUndefined();
      const kept = [...map].filter(([, { expiresAt }]) => expiresAt === undefined || expiresAt > now);
      const rebuilt = kept.map(([key, { value }]) => [key, value] as const);
      expect(new Map(rebuilt)).toEqual(new Map(contents(cluster.node(0), prefix)));
    }
  });
});
