import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from './support/program.ts';

describe('each example ends by itself and prints what it promises', () => {
  test('basic-usage', async (context) => {
    const program = run(context, 'basic-usage.ts');
    expect(await program.ended).toBe(0);
    expect(program.lines).toEqual([
      expect.stringMatching(/^First node listens on 127\.0\.0\.1:\d+$/),
      'Second node has mykey: myvalue',
      "First node has user:1: { name: 'Ada', born: 1815-12-10T00:00:00.000Z }",
      'Second node still has mykey: false',
    ]);
  });

  test('distributed-storage', async (context) => {
    const program = run(context, 'distributed-storage.ts');
    expect(await program.ended).toBe(0);
    expect(program.lines).toEqual([
      'Keys on each node: 4 4 4 4',
      'The newcomer has: city:1 city:2 city:3 city:4 city:5',
      'All agree on the capital: true',
    ]);
  });

  test('cross-network: one program for each machine', async (context) => {
    const first = run(context, 'cross-network.ts', '0');
    const port = /port (\d+)$/.exec(await first.line(/listens on port/))?.[1] ?? '';
    const second = run(context, 'cross-network.ts', '0', `127.0.0.1:${port}`);
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    const ids = [first, second].map(({ lines }) => /^Node (\w+) /.exec(lines[0] ?? '')?.[1]?.slice(0, 8) ?? '?');
    expect(first.lines.at(-1)).toBe(`The other machine writes: greetings from ${ids[1] ?? ''}`);
    expect(second.lines.at(-1)).toBe(`The other machine writes: greetings from ${ids[0] ?? ''}`);
  });

  test('own-store: the same node with the same data after a restart', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'simpledht-example-'));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'data.json');
    const lines: string[] = [];
    for (let start = 1; start <= 3; start++) {
      const program = run(context, 'own-store/main.ts', file);
      expect(await program.ended).toBe(0);
      lines.push(...program.lines);
    }
    const id = /^Node (\w+) /.exec(lines[0] ?? '')?.[1] ?? '?';
    expect(lines).toEqual([1, 2, 3].map((count) => `Node ${id} has started ${String(count)} times with ${file}`));
  });

  test('own-transport', async (context) => {
    const program = run(context, 'own-transport/main.ts');
    expect(await program.ended).toBe(0);
    expect(program.lines).toEqual([
      'Second node reads: carried by TCP',
      '140,000 characters were sent in less than a tenth of that',
    ]);
  });
});
