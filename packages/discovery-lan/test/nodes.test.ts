import { createNode, newSecret, type DHTNode, type NodeOptions } from '@simpledht/node';
import { describe, expect, it, type TestContext } from 'vitest';
import { lanDiscovery } from '../src/index.ts';
import { whyNoMulticast } from './support/loopback.ts';
import { quick } from './support/quick.ts';

const reason = await whyNoMulticast();

async function start({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, options: NodeOptions): Promise<DHTNode> {
  const discovery = lanDiscovery({ settings: quick });
  const node = await createNode({ host: '127.0.0.1', port: 0, discovery, ...options });
  onTestFinished(() => node.stop());
  return node;
}

describe.skipIf(reason !== undefined)(`nodes on loopback${reason === undefined ? '' : `, skipped: ${reason}`}`, () => {
  it('find those with their secret, while one secret takes the place of another, too', async (context) => {
    const cluster = `nodes ${String(process.pid)}`;
    const [old, fresh] = [newSecret(), newSecret()];
    const [a, b, both, stranger, open] = await Promise.all([
      start(context, { cluster, secret: old }),
      start(context, { cluster, secret: old }),
      start(context, { cluster, secret: [fresh, old] }),
      start(context, { cluster, secret: newSecret() }),
      start(context, { cluster }),
    ]);
    await expect.poll(() => [a, b, both].map((node) => node.peers.length), { timeout: 10_000 }).toEqual([2, 2, 2]);
    await a.put('found', 'yes', { acks: 'all' });
    expect([b, both].map((node) => node.getSync('found'))).toEqual(['yes', 'yes']);
    expect([stranger, open].map((node) => node.peers)).toEqual([[], []]);
    expect(open.metrics()['discovery']).toMatchObject({ dialled: 0, found: 0 });
    expect(open.metrics()['discovery']?.['dropped.otherCluster']).toBeGreaterThan(3);
  });
});
