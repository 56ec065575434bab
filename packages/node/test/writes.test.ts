import { afterEach, describe, expect, it } from 'vitest';
import { InDoubtError, SimpleDHTError, type Change } from '@simpledht/node';
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

describe('acks', () => {
  it('count the members that hold the write', async () => {
    cluster = await createTestCluster(3);
    const node = cluster.node(0);
    expect((await cluster.settle(node.put('k', 1))).acknowledged).toBe(1);
    expect((await cluster.settle(node.put('k', 2, { acks: 'majority' }))).acknowledged).toBeGreaterThanOrEqual(2);
    expect((await cluster.settle(node.put('k', 3, { acks: 'all' }))).acknowledged).toBe(3);
    expect((await cluster.settle(node.put('k', 4, { acks: 2 }))).acknowledged).toBeGreaterThanOrEqual(2);
    expect(cluster.live.filter((each) => (each.getSync('k') as number) >= 3)).toHaveLength(3);
  });

  it('are refused before anything is written when there are not enough members', async () => {
    cluster = await createTestCluster(2);
    const error = await failure(cluster.node(0).put('k', 1, { acks: 3 }));
    expect(SimpleDHTError.is(error, 'ERR_TOO_FEW_MEMBERS')).toBe(true);
    expect(cluster.node(0).has('k')).toBe(false);
  });

  it.each([0, -1, 1.5, 'most', Number.NaN])('%j is not a number of members', async (acks) => {
    cluster = await createTestCluster(1);
    const error = await failure(cluster.node(0).put('k', 1, { acks: acks as number }));
    expect(SimpleDHTError.is(error, 'ERR_INVALID_OPTION')).toBe(true);
    expect(cluster.node(0).has('k')).toBe(false);
  });

  it('that do not come in time leave the write in doubt: it stays and replicates later', async () => {
    cluster = await createTestCluster(3);
    cluster.partition([0, 1], [2]);
    const begunMs = cluster.clock.monotonic();
    const error = await failure(cluster.node(0).put('k', 1, { acks: 'all', timeout: 700 }));
    expect(cluster.clock.monotonic() - begunMs).toBeLessThan(710);
    expect(error).toBeInstanceOf(InDoubtError);
    expect(error).toMatchObject({ code: 'ERR_IN_DOUBT', acknowledged: 2, needed: 3 });
    expect(cluster.node(0).getSync('k')).toBe(1);
    cluster.heal();
    await cluster.until(() => cluster.node(2).has('k'));
  });

  it('end with the signal, which does not take the write back', async () => {
    cluster = await createTestCluster(2);
    cluster.partition([0], [1]);
    const controller = new AbortController();
    const put = cluster.node(0).put('k', 1, { acks: 'all', signal: controller.signal });
    await cluster.advance(10);
    controller.abort(new Error('enough'));
    expect(await failure(put)).toEqual(new Error('enough'));
    expect(cluster.node(0).getSync('k')).toBe(1);
    const early = await failure(cluster.node(0).put('early', 1, { signal: controller.signal }));
    expect(early).toEqual(new Error('enough'));
    expect(cluster.node(0).has('early')).toBe(false);
  });

  it('still pending at stop are rejected by name', async () => {
    cluster = await createTestCluster(2);
    cluster.partition([0], [1]);
    const put = cluster.node(0).put('k', 1, { acks: 'all', timeout: 60_000 });
    const outcome = put.catch((error: unknown) => error);
    await cluster.stopNode(0);
    expect(SimpleDHTError.is(await outcome, 'ERR_CLOSED')).toBe(true);
  });
});

describe('writes', () => {
  it('of one process never go back in time', async () => {
    cluster = await createTestCluster(1);
    const node = cluster.node(0);
    await node.put('k', 'first');
    const first = node.entry('k')?.version ?? '';
    await node.put('k', 'second');
    expect(node.getSync('k')).toBe('second');
    expect(parseInt(node.entry('k')?.version ?? '', 36)).toBeGreaterThan(parseInt(first, 36));
  });

  it('of the same key end the same everywhere: the later one', async () => {
    cluster = await createTestCluster(3);
    await Promise.all(cluster.nodes.map((node, index) => node.put('k', index)));
    await cluster.until(() => cluster.converged());
    await cluster.advance(50);
    await cluster.node(1).put('k', 'last');
    await cluster.advance(50);
    expect(cluster.nodes.map((node) => node.getSync('k'))).toEqual(['last', 'last', 'last']);
  });

  it('are told to listeners, local and remote, with the value decoded on demand', async () => {
    cluster = await createTestCluster(2);
    const changes: Change[] = [];
    const listener = (change: Change): void => void changes.push(change);
    cluster.node(1).on('change', listener);
    await cluster.node(0).put('k', { a: 1 });
    await cluster.advance(100);
    await cluster.node(1).delete('k');
    await cluster.advance(100);
    expect(changes.map(({ key, value, deleted, local }) => ({ key, value, deleted, local }))).toEqual([
      { key: 'k', value: { a: 1 }, deleted: false, local: false },
      { key: 'k', value: undefined, deleted: true, local: true },
    ]);
    expect(changes[0]?.writer).toBe(cluster.node(0).id);
    cluster.node(1).off('change', listener);
    await cluster.node(0).put('k', 2);
    await cluster.advance(100);
    expect(changes).toHaveLength(2);
  });

  it('a listener that throws is reported and stops nothing', async () => {
    cluster = await createTestCluster(2);
    const errors: Error[] = [];
    cluster.node(1).on('error', (error) => errors.push(error));
    cluster.node(1).on('change', () => {
      throw new Error('in a listener');
    });
    await cluster.settle(cluster.node(0).put('k', 1, { acks: 'all' }));
    await cluster.advance(10);
    expect(errors).toEqual([new Error('in a listener')]);
    expect(cluster.node(1).getSync('k')).toBe(1);
  });
});
