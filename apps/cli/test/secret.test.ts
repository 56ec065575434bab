import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { parsed, simpledht } from './support/in-process.ts';
import { processesOf, startNode } from './support/processes.ts';

async function directoryOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'simpledht-secret-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function secretsOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n');
}

describe('keygen', () => {
  test('prints a secret, another one each time', async () => {
    const [first, second] = [await simpledht('keygen'), await simpledht('keygen', '--json')];
    expect(first.stdout).toMatch(/^sdht1_[\w-]{48}\n$/);
    expect(parsed(second)).toEqual({ secret: expect.stringMatching(/^sdht1_/) as string });
    expect(second.stdout).not.toContain(first.stdout.trim());
  });

  test('writes a file that only its owner can read, never over another, and adds to it', async (context) => {
    const file = join(await directoryOf(context), 'cluster.key');
    expect(await simpledht('keygen', '--out', file)).toMatchObject({
      exitCode: 0,
      stdout: `Secret written to ${file}\n`,
    });
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [first] = await secretsOf(file);
    const again = await simpledht('keygen', '--out', file);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('exists already') as string });
    // Somebody's editor left no line end.
    await writeFile(file, first ?? '');
    await simpledht('keygen', '--out', file, '--add');
    expect(await secretsOf(file)).toEqual([first, expect.stringMatching(/^sdht1_/)]);
  });

  test('--add without a file, and a file that cannot be written, are errors', async (context) => {
    expect(await simpledht('keygen', '--add')).toMatchObject({ exitCode: 2 });
    const file = join(await directoryOf(context), 'no', 'such', 'directory');
    const failed = await simpledht('keygen', '--out', file);
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cannot be written') as string });
  });
});

describe.concurrent('--secret-file', { timeout: 40_000 }, () => {
  test('nodes and calls with the secret understand each other; who has none gets no answer', async (context) => {
    const start = processesOf(context);
    const file = join(await directoryOf(context), 'cluster.key');
    await simpledht('keygen', '--out', file);
    const first = await startNode(start, '--secret-file', file);
    const second = await startNode(start, '--secret-file', file, '--bootstrap', `127.0.0.1:${String(first.port)}`);
    const to = (port: number): string[] => ['--port', String(port), '--secret-file', file];
    await simpledht('put', ...to(first.port), '--acks', 'all', 'k', 'value');
    expect((await simpledht('get', ...to(second.port), 'k')).stdout).toBe('Value for k: value\n');
    expect((await simpledht('info', ...to(second.port))).stdout).toContain('encrypted');

    const without = await simpledht('get', '--port', String(first.port), '--timeout', '1', 'k');
    expect(without).toMatchObject({ exitCode: 4, stdout: '' });
    expect(without.stderr).toContain('--secret-file');
    await first.line(/wants to connect without the secret of this node/);
  });

  test('a secret is replaced while all nodes go on', async (context) => {
    const start = processesOf(context);
    const directory = await directoryOf(context);
    const at = (name: string): string => join(directory, name);
    const [older, both, newer] = [at('older'), at('both'), at('newer')] as const;
    await simpledht('keygen', '--out', older);
    await writeFile(both, await readFile(older, 'utf8'));
    await simpledht('keygen', '--out', both, '--add');
    await writeFile(newer, `# the new one\n${(await secretsOf(both))[1] ?? ''}\n`);
    const middle = await startNode(start, '--secret-file', both);
    const through = ['--bootstrap', `127.0.0.1:${String(middle.port)}`];
    await startNode(start, '--secret-file', older, ...through);
    await startNode(start, '--secret-file', newer, ...through);
    for (const file of [older, newer]) {
      const call = await simpledht(
        'put',
        '--port',
        String(middle.port),
        '--secret-file',
        file,
        '--acks',
        'all',
        'k',
        file,
      );
      expect(call).toMatchObject({ exitCode: 0 });
    }
    expect(
      parsed(await simpledht('peers', '--port', String(middle.port), '--secret-file', newer, '--json')),
    ).toMatchObject({
      peers: [{ state: 'alive' }, { state: 'alive' }],
    });
  });

  test('that is missing, empty or damaged is an error with a way out', async (context) => {
    const file = join(await directoryOf(context), 'cluster.key');
    const get = (): ReturnType<typeof simpledht> => simpledht('get', '--secret-file', file, 'k');
    expect(await get()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('keygen --out') as string });
    await writeFile(file, '\n# nothing yet\n');
    expect(await get()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no secret in') as string });
    await writeFile(file, 'open sesame\n');
    expect(await get()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('keygen') as string });
    await writeFile(file, Buffer.alloc(70_000, 'x'));
    expect(await get()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('too long') as string });
  });
});
