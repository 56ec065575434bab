import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** An example in a process of its own, from its sources. */
export interface Program {
  /** The lines it prints, standard error included, as far as it has come. */
  readonly lines: readonly string[];
  /** Exit code, once it has ended by itself. */
  readonly ended: Promise<number | null>;
  /** The first line that matches; rejects when it ends without one. */
  line(pattern: RegExp): Promise<string>;
}

/** Starts an example; when the test is over it is ended by its own handle, whatever happened. */
export function run({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, file: string, ...argv: string[]): Program {
  const path = fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
  const flags = ['--conditions=@simpledht/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, path, ...argv], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { ended, ...linesOf(child, ended) };
}

function linesOf(child: ChildProcess, ended: Promise<unknown>): Pick<Program, 'lines' | 'line'> {
  const lines: string[] = [];
  let over = false;
  let wake = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  void ended.then(() => {
    over = true;
    wake();
  });
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.find((each) => pattern.test(each));
      if (found !== undefined) return found;
      if (over) throw new Error(`ended without ${String(pattern)}:\n${lines.join('\n')}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { lines, line };
}
