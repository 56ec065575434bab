// `npm start [-- options]`: builds the command, then becomes `simpledht start --port 5000 [options]`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { turboCommand } from './turbo.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = `${root}apps/cli/dist/bin.js`;

const { file, args, env } = turboCommand(['build', '--filter=simpledht', '--output-logs=errors-only']);
const build = spawnSync(file, args, { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

if (build.status === 0) {
  // Imported rather than spawned: Ctrl+C, SIGTERM and the exit code are then the command's own, with nothing in between.
  // What the node tells its user to type has to work from a clone.
  process.env.SIMPLEDHT_COMMAND ??= 'npm run -s simpledht --';
  process.argv.splice(1, process.argv.length, command, 'start', ...process.argv.slice(2));
  await import(pathToFileURL(command).href);
} else {
  console.error(`${build.stdout ?? ''}${build.stderr ?? ''}${build.error?.message ?? ''}`);
  console.error('The build failed; what it said stands above.');
  process.exitCode = 1;
}
