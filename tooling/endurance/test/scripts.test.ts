import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { whyNoMachines } from '../src/network/machines.ts';

/* The short forms: all parts of the long ones for some seconds, each with its own processes. */

const whyNot = whyNoMachines();
if (whyNot !== undefined) console.warn(`skipped: scenarios in network namespaces (${whyNot})`);

interface Printed {
  readonly code: unknown;
  readonly text: string;
}

/** Runs a script to its end. */
async function run({ onTestFinished }: TestContext, script: string, ...argv: readonly string[]): Promise<Printed> {
  const file = fileURLToPath(new URL(`../src/${script}.ts`, import.meta.url));
  const flags = ['--conditions=@simpledht/source', '--import', 'tsx', file, ...argv];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    // It takes its processes away before it ends.
    child.kill('SIGTERM');
    await closed;
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await closed) as [unknown];
  return { code, text };
}

const brief = ['--minutes', '0.15', '--round', '9', '--seed', '3'];

describe.concurrent('the scripts', { timeout: 180_000 }, () => {
  it('soak real processes under load, churn and faults', async (context) => {
    const { code, text } = await run(context, 'soak', ...brief);
    expect(text).toMatch(/\| 0 +\| 1 +\|/);
    expect(text).not.toContain('Violated');
    expect(code).toBe(0);
  });

  it('notice members that answer for writes that they do not make', async (context) => {
    const { code, text } = await run(context, 'soak', ...brief, '--nodes', '3', '--break', 'lost-writes');
    expect(text).toMatch(/was acknowledged (and is lost|after it)/);
    expect(text).toContain('Again: npm run soak -- --minutes 0.15');
    expect(code).toBe(1);
  });

  it.skipIf(whyNot !== undefined)('run scenarios in network namespaces', async (context) => {
    const { code, text } = await run(context, 'scenarios', ...brief, '--runs', '1', '--seed', '8');
    expect(text).toContain('everything');
    expect(text).not.toContain('Violated');
    expect(code).toBe(0);
  });
});
