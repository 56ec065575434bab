import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { connect, createNode, type DHTNode } from '@simpledht/node';
import { describe, expect, it, type TestContext } from 'vitest';
import { tcpTransport, type TcpTransportOptions } from '../src/index.ts';
import { certificates } from './support/certificates.ts';
import { until } from './support/open.ts';

const host = '127.0.0.1';

async function start(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  options: TcpTransportOptions,
  bootstrap: readonly string[] = [],
): Promise<DHTNode> {
  const node = await createNode({ transport: tcpTransport({ host, ...options }), bootstrap });
  onTestFinished(() => node.stop());
  return node;
}

describe.each([
  ['TCP', {}],
  ['TLS', { tls: certificates('node') }],
] as const)('nodes over %s', (_name, options) => {
  it('share a map: joins, writes all ways, values of 1 MiB, a client, a node that leaves', async (context) => {
    const first = await start(context, options);
    const others = await Promise.all([1, 2, 3].map(() => start(context, options, [first.address])));
    const nodes = [first, ...others];
    await Promise.all(others.map((node) => node.ready()));
    await until(() => nodes.every((node) => node.info().alive === nodes.length));
    await Promise.all(nodes.map((node, index) => node.put(`of ${String(index)}`, index, { acks: 'all' })));
    await first.put('large', new Uint8Array(1_000_000).fill(3), { acks: 'all' });
    for (const node of nodes) {
      expect([0, 1, 2, 3].map((index) => node.getSync(`of ${String(index)}`))).toEqual([0, 1, 2, 3]);
      expect((node.getSync('large') as Uint8Array).length).toBe(1_000_000);
      expect(node.info().secure).toBe('tls' in options);
    }
    const port = Number(first.address.split(':').at(-1));
    const client = await connect({ host, port, transport: tcpTransport({ host, ...options, listen: false }) });
    context.onTestFinished(() => client.close());
    await client.put('from outside', 'yes', { acks: 'all' });
    expect(others[2]?.getSync('from outside')).toBe('yes');
    const left = new Promise((resolve) =>
      first.once('peer-left', (_peer, reason) => {
        resolve(reason);
      }),
    );
    await others[0]?.stop();
    expect(await left).toBe('left');
  });
});

it('the example of the README does what it says', async () => {
  const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  const flags = ['--conditions=@simpledht/source', '--import', 'tsx', '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: new URL('..', import.meta.url) });
  expect(stdout).toBe('second node reads: carried by TCP\n');
}, 20_000);
