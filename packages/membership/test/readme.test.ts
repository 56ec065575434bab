import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const readme = new URL('../README.md', import.meta.url);

it('the example of the README does what its comments say', async () => {
  const text = await readFile(readme, 'utf8');
  const code = /```js\n(?<code>[\s\S]*?)```/.exec(text)?.groups?.['code'] ?? '';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@simpledht/source', '--import', 'tsx', '--input-type=module', '--eval', code],
    { cwd: new URL('..', import.meta.url) },
  );
  expect(stdout).toContain('b peer-joined\na peer-joined\na observed-address\na bootstrapped\n');
  expect(stdout).toContain("id: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',\n    address: 'a',\n    state: 'alive'");
});
