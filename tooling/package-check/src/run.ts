import { spawn } from 'node:child_process';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; never rejects for an exit code, so that a test can show what the program said. */
export async function run(file: string, args: string[], cwd: string): Promise<Outcome> {
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: windows });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

export async function runOrThrow(file: string, args: string[], cwd: string): Promise<Outcome> {
  const outcome = await run(file, args, cwd);
  if (outcome.code === 0) return outcome;
  throw new Error(
    `${file} ${args.join(' ')} ended with ${outcome.code ?? 'a signal'}\n${outcome.stdout}${outcome.stderr}`,
  );
}
