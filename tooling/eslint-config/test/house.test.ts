import { describe, expect, it } from 'vitest';
import { lint } from './lint.ts';

const source = 'packages/node/src/x.ts';
const lines = (count: number, line: string): string => `${line}\n`.repeat(count);

const refused: [what: string, filePath: string, code: string, rule: string][] = [
  ['a default export', source, 'export default 1;', 'import-x/no-default-export'],
  ['any', source, 'export const value: any = 1;', '@typescript-eslint/no-explicit-any'],
  [
    'a non-null assertion',
    source,
    'export const first = (list: number[]): number => list[0]!;',
    '@typescript-eslint/no-non-null-assertion',
  ],
  ['301 lines', source, lines(301, '// line'), 'max-lines'],
  [
    'a function of 51 lines',
    source,
    `export function long(): void {\n${lines(50, '  // line')}}\n`,
    'max-lines-per-function',
  ],
  [
    'a maze',
    source,
    `export const maze = (n: number): number => {\n${lines(20, '  if (n > 1) return n;')}  return 0;\n};\n`,
    'complexity',
  ],
  ['printing from a library', source, "console.log('hello');", 'no-console'],
  [
    'what Node.js 20.19 lacks',
    source,
    "import { DatabaseSync } from 'node:sqlite';\nexport const used: unknown = DatabaseSync;",
    'n/no-unsupported-features/node-builtins',
  ],
  [
    'a built-in newer than Node.js 20.19',
    source,
    'export const deferred: unknown = Promise.withResolvers();',
    'n/no-unsupported-features/es-syntax',
  ],
  [
    'another package by its path',
    source,
    "import { limits } from '../../wire/src/limits.ts';\nexport const used: unknown = limits;",
    'import-x/no-relative-packages',
  ],
  ['ending the process at once', 'apps/cli/src/x.ts', 'process.exit(1);', 'n/no-process-exit'],
];

describe('the rules of the house', () => {
  it.each(refused)('refuse %s', async (_what, filePath, code, rule) => {
    const findings = await lint(filePath, code);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('let a command print', async () => {
    expect(await lint('apps/cli/src/x.ts', "console.log('hello');")).toEqual([]);
  });

  it('let an exhaustive switch be a table', async () => {
    const cases = Array.from({ length: 30 }, (_, n) => `    case ${String(n)}: return ${String(n)};`).join('\n');
    const code = `export function table(n: number): number {\n  switch (n) {\n${cases}\n    default: return 0;\n  }\n}\n`;
    expect(await lint(source, code)).toEqual([]);
  });
});
