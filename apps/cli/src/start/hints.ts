import type { DHTNode } from '@simpledht/node';
import { isLoopback, isWildcard, portBeside } from '../addresses.ts';
import type { StartOptions } from './report.ts';

/** What to do next, for somebody who starts a node for the first time. */
export function startHints(node: DHTNode, { bootstrap, secretFile = '' }: StartOptions): readonly string[] {
  const { host, port, address } = node;
  // How the caller calls us: a repository's `npm start` is not followed by an installed `simpledht`.
  const command = process.env['SIMPLEDHT_COMMAND'] ?? 'simpledht';
  const call =
    flag('--host', host, ['0.0.0.0', '::', '127.0.0.1']) +
    flag('--port', port, [5000]) +
    flag('--secret-file', secretFile, ['']);
  const listen =
    flag('--host', host, ['0.0.0.0']) +
    flag('--port', portBeside(port), [5000]) +
    flag('--secret-file', secretFile, ['']);
  const reachable = isWildcard(host) ? `127.0.0.1:${String(port)}` : address;
  const second = `  ${command} start${listen} --bootstrap "${reachable}"`;
  return [
    '',
    'From a second terminal:',
    `  ${command} put${call} greeting "hello world"`,
    `  ${command} get${call} greeting`,
    ...(bootstrap.length === 0 ? [second] : []),
    ...(isLoopback(host) || node.info().secure ? [] : open(command)),
    'Press Ctrl+C to stop',
    '',
  ];
}

function open(command: string): readonly string[] {
  return [
    '',
    'WARNING: whoever reaches this port can read and write everything, and nothing is encrypted.',
    `Give the cluster a secret: ${command} keygen --out cluster.key, and --secret-file cluster.key everywhere`,
    '',
  ];
}

/** An option as it is typed; nothing where it may be left out. */
function flag(name: string, value: string | number, needless: readonly unknown[]): string {
  return needless.includes(value) ? '' : ` ${name} ${String(value)}`;
}
