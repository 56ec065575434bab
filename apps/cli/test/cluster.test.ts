import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parsed, simpledht, type Outcome } from './support/in-process.ts';
import { processesOf, startNode, type CliProcess } from './support/processes.ts';

type Node = CliProcess & { readonly id: string; readonly port: number; readonly address: string };

function on(node: Node, verb: string, ...rest: readonly string[]): Promise<Outcome> {
  return simpledht(verb, '--port', String(node.port), ...rest);
}

async function stopped(node: CliProcess): Promise<number | NodeJS.Signals | null> {
  node.signal('SIGINT');
  return node.ended;
}

// Together: most of their time is waiting for Node.js to start and for silence to be noticed.
describe.concurrent('nodes as processes', { timeout: 40_000 }, () => {
  test('three nodes: written on one, read from each; they live without the first, and it comes back to everything', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start);
    const [second, third] = await Promise.all([
      startNode(start, '--bootstrap', first.address),
      startNode(start, '--bootstrap', first.address),
    ]);
    // They joined through the first: a newcomer's news takes a moment to the others.
    await second.line(new RegExp(`"peer-joined".*${third.id}`));

    const stored = await on(first, 'put', 'shared', 'value');
    expect(stored.stdout).toContain('Value has been replicated to all nodes in the network');
    for (const node of [first, second, third])
      expect((await on(node, 'get', 'shared')).stdout).toBe('Value for shared: value\n');

    expect(await stopped(first)).toBe(0);
    await on(second, 'put', 'meanwhile', 'also here');
    expect((await on(third, 'get', 'meanwhile')).stdout).toBe('Value for meanwhile: also here\n');

    const back = await startNode(start, '--bootstrap', `${second.address},${third.address}`);
    expect((await on(back, 'list')).stdout).toBe('meanwhile\talso here\nshared\tvalue\n');
  });

  test('a killed node is noticed by the others', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start);
    const second = await startNode(start, '--bootstrap', first.address);
    await second.kill();
    await first.event('peer-suspect');
    const told = await on(first, 'put', 'k', 'v', '--timeout', '2');
    expect(told.stdout).toContain('Stored on 1 of 2 nodes so far; the others follow when they can be reached');
    expect(told.exitCode).toBe(0);
    const doubted = await on(first, 'put', 'k', 'v', '--timeout', '2', '--acks', 'all');
    expect(doubted.stderr).toContain('stored on 1 of the 2 members');
    expect(doubted.exitCode).toBe(1);
    await first.event('peer-left');
    const { peers } = parsed(await on(first, 'peers', '--json')) as { readonly peers: readonly object[] };
    expect(peers).toEqual([expect.objectContaining({ id: second.id, state: 'dead', inSync: false })]);
    expect((await on(first, 'peers')).stdout).toContain(second.address);
  });

  test.for(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a node at once, with a goodbye and exit code 0',
    async (signal, context) => {
      const start = processesOf(context);
      const first = await startNode(start);
      const second = await startNode(start, '--bootstrap', first.address);
      const begunMs = performance.now();
      second.signal(signal);
      expect(await second.ended).toBe(0);
      expect(performance.now() - begunMs).toBeLessThan(3000);
      await second.event('stopped');
      expect(await first.event('peer-left')).toMatchObject({ reason: 'left', peer: { id: second.id } });
    },
  );

  test.for([0, 3])('a Ctrl+C heard again %i ms after the end, and again, changes nothing', async (laterMs, context) => {
    const start = processesOf(context);
    for (let round = 0; round < 3; round++) {
      const node = start(['start', '--host', '127.0.0.1', '--port', '0']);
      await node.line(/^In sync: /);
      node.signal('SIGINT');
      await node.line(/^Node stopped$/);
      await setTimeout(laterMs);
      // Every moment of the end is hit by one: the last of them are the ones that killed.
      while (node.child.exitCode === null && node.child.signalCode === null) {
        node.signal('SIGINT');
        await setImmediate();
      }
      expect(await node.ended).toBe(0);
      expect(node.lines.filter((line) => line.startsWith('In sync: '))).toEqual(['In sync: 0 keys']);
    }
  });

  test('the sentences of the original', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start);
    const second = start(['start', '--host', '127.0.0.1', '--port', '0', '--bootstrap', first.address]);
    await second.line(/^Node started successfully on 127\.0\.0\.1:\d+$/);
    await second.line(/^Public IP: not known yet/);
    await second.line(/^Node ID: [0-9a-f]{32}$/);
    await second.line(/put --port \d+ greeting "hello world"/);
    await second.line(new RegExp(`^Joined the network through ${first.address}$`));
    await second.line(/^In sync: 0 keys$/);
    expect(await stopped(second)).toBe(0);
    expect(second.lines.filter((line) => line.includes('\u001B'))).toEqual([]);
    expect(second.lines.at(-1)).toBe('Node stopped');
    expect(second.lines.filter((line) => line.startsWith('In sync: '))).toHaveLength(1);
  });

  test('a port in use is an error with exit code 1', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start);
    const second = start(['start', '--host', '127.0.0.1', '--port', String(first.port)]);
    await second.line(/^Error: Address already in use: /);
    expect(await second.ended).toBe(1);
  });

  test('a bootstrap node that is not there: three attempts, the sentence, and the node runs', async (context) => {
    const start = processesOf(context);
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const name = `127.0.0.1:${String(silent.address().port)}`;
      const node = start(['start', '--host', '127.0.0.1', '--port', '0', '--bootstrap', name]);
      await node.line(/^Connection attempt 1\/3 timed out, retrying\.\.\.$/);
      await node.line(new RegExp(`^Failed to bootstrap with ${name}: `));
      await node.line(/goes on trying in the background/);
      await node.line(
        new RegExp(`^No answer over UDP from ${name}: is a node running there, with the same secret or none,`),
      );
      await node.line(
        /^Where UDP is blocked, start all nodes with --transport tcp: all nodes .* need the same transport$/,
      );
      await node.line(/^In sync: 0 keys$/);
      expect(await stopped(node)).toBe(0);
    } finally {
      silent.close();
    }
  });
});
