import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url);

async function run(code: string): Promise<string> {
  const flags = ['--conditions=@simpledht/source', '--import', 'tsx', '--input-type=module', '--eval', code];
  return (await promisify(execFile)(process.execPath, flags, { cwd: root })).stdout;
}

it('the examples of the README do what their comments say', async () => {
  const text = await readFile(new URL('README.md', root), 'utf8');
  const [first = '', second = ''] = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const [talking, testing] = await Promise.all([run(first), run(second)]);
  expect(talking).toBe('link-up\nlink-up\nUint8Array(3) [ 3, 2, 1 ]\n');
  expect(testing).toBe('100000 10000\n');
}, 20_000);
