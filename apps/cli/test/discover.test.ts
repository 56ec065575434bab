import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createSocket, type Socket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSecret } from '@simpledht/node';
import { describe, expect, test, type TestContext } from 'vitest';
import { createBridge, whyNoBridge } from './support/bridge.ts';
import { simpledht } from './support/in-process.ts';
import { processesOf, startNode, type CliProcess } from './support/processes.ts';

const reason = whyNoBridge();
if (reason !== undefined) console.warn(`skipped: machines that find each other on a LAN (${reason})`);
const noLoopback = await whyNoMulticast();
if (noLoopback !== undefined) console.warn(`skipped: nodes that find each other on loopback (${noLoopback})`);

interface Joined {
  readonly peer: { readonly id: string; readonly address: string };
}

/** Ids of those who have joined, as that node told. */
function joined(node: CliProcess): readonly string[] {
  return node.lines
    .filter((line) => line.startsWith('{"event":"peer-joined"'))
    .map((line) => (JSON.parse(line) as Joined).peer.id)
    .sort();
}

describe.skipIf(reason !== undefined)('machines on a bridge, with no address given', () => {
  test('find each other, by name and secret; a cable that is pulled and put back; who comes later', async (context) => {
    const bridge = createBridge(5);
    // What is registered first ends last: the processes before their machines.
    context.onTestFinished(() => {
      bridge.remove();
    });
    const secrets = await secretFile(context);
    const start = processesOf(context);
    const run = async (machine: number, ...options: string[]): Promise<CliProcess & { readonly id: string }> => {
      const node = start(['start', '--json', '--discover', ...options], bridge.at(machine));
      const { id } = await node.event<{ id: string }>('started');
      return Object.assign(node, { id });
    };
    const blue = ['--cluster', 'blue'];
    const green = ['--port', '5001', '--cluster', 'green'];
    const [first, second, red, secret, alone] = await Promise.all([
      run(1, ...blue),
      run(2, ...blue),
      run(4, '--port', '5002', '--cluster', 'red'),
      run(4, ...blue, '--secret-file', secrets),
      run(3, ...green),
    ]);
    await Promise.all([first.event<Joined>('peer-joined'), second.event<Joined>('peer-joined')]);
    await Promise.all([first, second, red, secret, alone].map((node) => node.event('ready')));
    // The network goes away under a node; it comes back further down.
    bridge.link(3, 'down');
    const put = start(['put', ...blue, 'greeting', 'hello'], bridge.at(1));
    expect(await put.ended).toBe(0);
    expect(put.lines).toContain('Value has been replicated to all nodes in the network');

    // The network comes up after the node.
    bridge.link(5, 'down');
    const late = await run(5, ...blue);
    await late.event('ready');
    bridge.link(5, 'up');
    await late.line(/"event":"peer-joined"/);
    await expect
      .poll(() => [first, second, late].map((node) => joined(node).length), { timeout: 15_000 })
      .toEqual([2, 2, 2]);
    const get = start(['get', ...blue, 'greeting'], bridge.at(5));
    expect(await get.ended).toBe(0);
    expect(get.lines).toEqual(['Value for greeting: hello']);

    bridge.link(3, 'up');
    const found = await run(1, ...green);
    await Promise.all([alone, found].map((node) => node.line(/"event":"peer-joined"/)));
    expect([joined(alone), joined(found)]).toEqual([[found.id], [alone.id]]);

    // The others were there all the while, and nobody has let them in or told them.
    expect([joined(red), joined(secret)]).toEqual([[], []]);
    const others = [red.id, secret.id];
    for (const node of [first, second, late]) expect(others.some((id) => node.lines.join().includes(id))).toBe(false);
  }, 60_000);
});

describe.skipIf(noLoopback !== undefined)('nodes on loopback, with no address given', () => {
  test('find each other, and not those of another cluster', async (context) => {
    const start = processesOf(context);
    // A name of its own: other runs on this machine are other clusters.
    const cluster = `test ${String(process.pid)} ${String(Date.now())}`;
    const tcp = ['--discover', '--transport', 'tcp', '--cluster', cluster];
    const [a, b, other, c, d] = await Promise.all([
      startNode(start, '--discover', '--cluster', cluster),
      startNode(start, '--discover', '--cluster', cluster),
      startNode(start, '--discover', '--cluster', `${cluster}!`),
      startNode(start, ...tcp),
      startNode(start, ...tcp),
    ]);
    await Promise.all([a, b, c, d].map((node) => node.event('peer-joined')));
    expect([a, b, other, c, d].map(joined)).toEqual([[b.id], [a.id], [], [d.id], [c.id]]);
    const call = start(['get', '--port', String(other.port), '--cluster', cluster, '--timeout', '0.5', 'x']);
    expect(await call.ended).toBe(4);
    const overTcp = [cluster, 'another'].map((name) =>
      start(['get', '--port', String(c.port), '--transport', 'tcp', '--cluster', name, '--timeout', '2', 'x']),
    );
    expect(await Promise.all(overTcp.map((one) => one.ended))).toEqual([3, 4]);
    // Who talks otherwise is not even dialled.
    for (const node of [a, b]) expect([c.id, d.id].some((id) => node.lines.join().includes(id))).toBe(false);
    const text = start(['start', '--host', '127.0.0.1', '--port', '0', '--discover', '--cluster', cluster]);
    await text.line(/^ {2}simpledht start --host 127\.0\.0\.1 --port \d+ --cluster "test .*" --discover$/);
    await text.line(/^Looking for nodes on this network/);
    // Whoever is quicker dials.
    await text.line(/^Node joined: /);
  }, 60_000);
});

test('a name that is too long is refused', async () => {
  const { exitCode, stderr } = await simpledht('start', '--port', '0', '--cluster', 'x'.repeat(256));
  expect(exitCode).toBe(2);
  expect(stderr).toContain('Option cluster must be text of at most 255 bytes');
});

async function secretFile({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simpledht-discover-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'cluster.key');
  writeFileSync(file, `${newSecret()}\n`);
  return file;
}

/** Multicast DNS on loopback, as the command does it; `undefined` when it works. */
async function whyNoMulticast(): Promise<string | undefined> {
  const sockets: Socket[] = [];
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      sockets.push(socket);
      socket.once('error', reject);
      socket.bind({ port: 5353, address: '0.0.0.0', exclusive: true }, () => {
        socket.addMembership('224.0.0.251', '127.0.0.1');
        socket.setMulticastInterface('127.0.0.1');
        resolve(socket);
      });
    });
  try {
    const [from, to] = [await open(), await open()];
    const heard = new Promise<undefined>((resolve) =>
      to.once('message', () => {
        resolve(undefined);
      }),
    );
    // No packet of DNS: others on that port drop it.
    from.send('x', 5353, '224.0.0.251');
    const late = new Promise<string>((resolve) => setTimeout(resolve, 500, 'nothing is heard').unref());
    return await Promise.race([heard, late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const socket of sockets) socket.close();
  }
}
