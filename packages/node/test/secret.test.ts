import { afterEach, describe, expect, it } from 'vitest';
import { connect, createNode, newSecret, udpTransport, type DHTNode, type NodeOptions } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

const secret = newSecret();

describe('a cluster with a secret, over UDP', () => {
  const open: DHTNode[] = [];

  async function node(options: NodeOptions): Promise<DHTNode> {
    const made = await createNode({ host: '127.0.0.1', port: 0, ...options });
    open.push(made);
    return made;
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.stop()));
  });

  it('is joined and called by who has it, and by nobody else', async () => {
    const first = await node({ secret });
    const second = await node({ secret: [newSecret(), secret], bootstrap: [first.address] });
    await second.ready();
    await first.put('k', 'v', { acks: 'all' });
    expect(second.getSync('k')).toBe('v');
    expect(first.info().secure).toBe(true);

    const to = { host: '127.0.0.1', port: first.port };
    await using client = await connect({ ...to, secret });
    expect(await client.get('k')).toBe('v');
    for (const other of [{}, { secret: newSecret() }]) {
      await using stranger = await connect({ ...to, ...other, timeout: 300 });
      await expect(stranger.get('k')).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    }
  });

  it('refuses a secret that is none, and one beside a transport, before anything is opened', async () => {
    await expect(createNode({ secret: 'correct horse' })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' });
    const transport = udpTransport({ host: '127.0.0.1' });
    await expect(createNode({ secret, transport })).rejects.toThrow('give it to the transport');
    await expect(connect({ secret, transport })).rejects.toThrow('give it to the transport');
  });
});

describe('a cluster whose secret is replaced', () => {
  let cluster: TestCluster;
  afterEach(async () => {
    await cluster.stop();
  });

  it.each([1, 2, 3])('goes on while its nodes are restarted one by one, twice (seed %i)', async (seed) => {
    const next = newSecret();
    let ring: readonly string[] = [secret];
    cluster = await createTestCluster(3, { seed, disk: true, node: () => ({ secret: ring }), faults: { lose: 0.05 } });
    let written = 0;
    for (ring of [[secret, next], [next]]) {
      for (const index of [0, 1, 2]) {
        await cluster.crash(index);
        await cluster.restart(index, { keepData: true });
        await cluster.formed();
        await cluster.settle(cluster.node(index).put('restarts', ++written, { acks: 'all' }));
      }
    }
    await cluster.until(() => cluster.converged());
    expect(cluster.nodes.map((each) => each.getSync('restarts'))).toEqual([6, 6, 6]);
    cluster.checkInvariants();
  });
});
