import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generatedPages } from '../src/generated.ts';
import { docFile } from '../src/pages.ts';

it.each([...generatedPages()])('docs/%s is what the sources say (pnpm docs writes it)', (name, text) => {
  expect(readFileSync(docFile(name), 'utf8')).toBe(text);
});

it('every limit and every error code has words', () => {
  for (const text of generatedPages().values()) {
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) expect(row).not.toMatch(/\| *\|/);
  }
});
