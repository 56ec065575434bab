// `npm test`: builds, checks and tests everything, then ends with the line `N passed, N failed` (and `, N skipped`).
// Arguments go to turbo: `npm test -- --force` ignores the cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { turboCommand } from './turbo.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const checks = ['build', 'typecheck', 'lint', 'format:check', 'unused'];

/** Where each step that runs tests leaves vitest's JSON; turbo brings it back when the step comes from the cache. */
const suites = {
  'test:suites': join(root, '.results', 'vitest.json'),
  check: join(root, 'tooling', 'package-check', '.results', 'vitest.json'),
};

function tally(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0, skipped: 0, missing: true };
  const result = JSON.parse(readFileSync(file, 'utf8'));
  const skipped = result.numPendingTests + result.numTodoTests;
  return { passed: result.numPassedTests, failed: result.numFailedTests, skipped, missing: false };
}

// A step that dies before its tests start must not be counted by what an earlier run left behind.
for (const file of Object.values(suites)) rmSync(file, { force: true });

// One step that fails must not hide what the others would say, except where it feeds them.
const { file, args, env } = turboCommand([
  ...checks,
  ...Object.keys(suites),
  '--continue=dependencies-successful',
  '--concurrency=100%',
  ...process.argv.slice(2),
]);
const turbo = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
let interruption;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interruption = signal;
    turbo.kill(signal);
  });
}
const [status] = await once(turbo, 'close');

const tallies = Object.values(suites).map(tally);
const sum = (field) => tallies.reduce((total, tally) => total + tally[field], 0);
// Lint, types, format and the build are not tests, but a failure of theirs is one, and so are tests that never ran.
const sound = status === 0 && interruption === undefined && !tallies.some(({ missing }) => missing);
const failed = sum('failed') > 0 || sound ? sum('failed') : 1;
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = interruption === undefined ? Math.min(failed, 1) : 128 + constants.signals[interruption];
