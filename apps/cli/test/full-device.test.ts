import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromSources, root } from './support/processes.ts';

const isLinux = process.platform === 'linux';

test('answers that cannot be written are an error with exit code 1, without a stack', (context) => {
  if (!isLinux) context.skip('/dev/full is of Linux');
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [...fromSources, '--version'], {
    cwd: root,
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/^Error: ENOSPC: no space left on device, write\n$/);
  expect(status).toBe(1);
});
