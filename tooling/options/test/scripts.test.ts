import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Answer } from './call-all.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };

/** Those that are TypeScript: name and file. */
const ours = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /--import tsx (\S+\.ts)$/.exec(command)?.[1];
  return file === undefined ? [] : [[name, `${root}${file}`] as const];
});

async function answersOf(files: readonly string[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const child = fork(fileURLToPath(new URL('call-all.ts', import.meta.url)), files, {
    execArgv: ['--conditions=@simpledht/source', '--import', 'tsx'],
    // One that runs instead of answering must not hold up the suite.
    ...{ timeout: 60_000, killSignal: 'SIGKILL' },
  });
  child.on('message', (answer) => answers.push(answer as Answer));
  await once(child, 'exit');
  return answers;
}

const answers = await answersOf(ours.map(([, file]) => file));

describe.each(ours)('npm run %s', (name, file) => {
  const [help, nonsense] = ['--help', '--nonsense'].map((option) =>
    answers.find((answer) => answer.file === file && answer.option === option),
  );

  it('says what it is for and what it takes', () => {
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help?.out).toMatch(new RegExp(`^\\w.+\\n\\n  npm run ${name}( \\[-- options\\])?\\n`));
    expect(help?.out).toContain('--help, -h');
  });

  it('runs nothing with options that it does not know', () => {
    expect(nonsense).toMatchObject({ code: 2, out: '' });
    expect(nonsense?.err).toBe(`There is no option --nonsense\n\n${String(help?.out)}`);
  });
});

it('there are scripts', () => {
  expect(ours.length).toBeGreaterThan(10);
});
