import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { simpledht } from './support/in-process.ts';

const readme = new URL('../README.md', import.meta.url);
const block = /(<!-- help:begin -->\n+```text\n)[^]*?(```\n+<!-- help:end -->)/;

/** `UPDATE_README=1 npx vitest run` writes it. */
test('the help in the README is the help of the command', async () => {
  const { stdout } = await simpledht('--help');
  const text = await readFile(readme, 'utf8');
  const expected = text.replace(block, (_, begin: string, end: string) => begin + stdout + end);
  if (process.env['UPDATE_README'] !== undefined) await writeFile(readme, expected);
  else expect(text).toBe(expected);
  expect(expected).toMatch(block);
});
