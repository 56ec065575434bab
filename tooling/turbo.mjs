// How the scripts of this folder call turbo.
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../node_modules/turbo/bin/turbo', import.meta.url));

/** turbo hashes files, not the runtime; a result of one Node.js says nothing about another, so it joins every hash. */
const runtime = `${process.version} ${process.platform} ${process.arch}`;

export function turboCommand(args) {
  return {
    file: process.execPath,
    args: [launcher, 'run', ...args],
    env: { ...process.env, HASHED_RUNTIME: runtime, TURBO_TELEMETRY_DISABLED: '1' },
  };
}
