import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Batch, Results } from './batch.ts';

/** Runs the batches in processes of their own, each on a core. */
export async function runWorkers(batches: readonly Batch[], take: (results: Results) => void): Promise<void> {
  await Promise.all(batches.map((batch) => runWorker(batch, take)));
}

function runWorker(batch: Batch, take: (results: Results) => void): Promise<void> {
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), ['--worker', JSON.stringify(batch)], {
    // Most of what a run makes is garbage soon.
    execArgv: [...process.execArgv, '--max-semi-space-size=64'],
  });
  child.on('message', (results) => {
    take(results as Results);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with code ${String(code)}`));
    });
  });
}
