import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { simpledht } from './support/in-process.ts';
import { processesOf, startNode } from './support/processes.ts';

async function directoryOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'simpledht-data-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe.concurrent('start --data', { timeout: 40_000 }, () => {
  test('makes the directory; the node that comes back has its id and its data', async (context) => {
    const start = processesOf(context);
    const data = join(await directoryOf(context), 'made', 'by it');
    const first = await startNode(start, '--data', data);
    await simpledht('put', '--port', String(first.port), 'k', 'value');
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);

    const again = await startNode(start, '--data', data);
    expect(again.id).toBe(first.id);
    expect((await simpledht('get', '--port', String(again.port), 'k')).stdout).toBe('Value for k: value\n');
  });

  test('a node that was killed comes back with what it had answered for', async (context) => {
    const start = processesOf(context);
    const data = await directoryOf(context);
    const first = await startNode(start, '--data', data);
    for (const key of ['a', 'b', 'c']) await simpledht('put', '--port', String(first.port), key, key);
    await first.kill();
    const again = await startNode(start, '--data', data);
    expect(again.id).toBe(first.id);
    expect((await simpledht('list', '--port', String(again.port), '--keys')).stdout).toBe('a\nb\nc\n');
  });

  test('a second node on the directory ends with exit code 1 and says why; the first goes on', async (context) => {
    const start = processesOf(context);
    const data = await directoryOf(context);
    const first = await startNode(start, '--data', data);
    const second = start(['start', '--host', '127.0.0.1', '--port', '0', '--data', data]);
    expect(await second.ended).toBe(1);
    const said = second.lines.join('\n');
    expect(said).toContain(`Error: The store in ${data} is locked: process ${String(first.child.pid)} has it open`);
    expect(said).toContain('give this one a --data directory of its own');
    expect((await simpledht('ping', '--port', String(first.port), '--count', '1')).exitCode).toBe(0);
  });

  test('a directory that holds something else is left alone', async (context) => {
    const start = processesOf(context);
    const data = await directoryOf(context);
    await writeFile(join(data, 'data.mdb'), 'something else');
    const node = start(['start', '--host', '127.0.0.1', '--port', '0', '--data', data]);
    expect(await node.ended).toBe(1);
    expect(node.lines.join('\n')).toMatch(/^Error: .*data\.mdb is not a store$/m);
    expect(await readdir(data)).toEqual(['data.mdb']);
  });

  test('the directory may come from the environment', async (context) => {
    const start = processesOf(context);
    const data = await directoryOf(context);
    const node = start(['start', '--host', '127.0.0.1', '--port', '0'], ['env', `SIMPLEDHT_DATA=${data}`]);
    await node.line(/^Node started successfully/);
    expect(await readdir(data)).toContain('data.mdb');
    node.signal('SIGINT');
    expect(await node.ended).toBe(0);
  });
});
