import type { DHTNode } from '@simpledht/node';
import { isLoopback, isWildcard, portBeside } from '../addresses.ts';
import type { StartOptions } from './report.ts';

/** What to do next, for somebody who starts a node for the first time. */
export function startHints(node: DHTNode, { bootstrap }: StartOptions): readonly string[] {
  const { host, port, address } = node;
  // How the caller calls us: a repository's `npm start` is not followed by an installed `simpledht`.
  const command = process.env['SIMPLEDHT_COMMAND'] ?? 'simpledht';
  const call = flag('--host', host, ['0.0.0.0', '::', '127.0.0.1']) + flag('--port', port, [5000]);
  const listen = flag('--host', host, ['0.0.0.0']) + flag('--port', portBeside(port), [5000]);
  const reachable = isWildcard(host) ? `127.0.0.1:${String(port)}` : address;
  const second = `  ${command} start${listen} --bootstrap "${reachable}"`;
  return [
    '',
    'From a second terminal:',
    `  ${command} put${call} greeting "hello world"`,
    `  ${command} get${call} greeting`,
    ...(bootstrap.length === 0 ? [second] : []),
    ...(isLoopback(host) ? [] : ['', 'Anyone who reaches this port can read and write: nothing is encrypted']),
    'Press Ctrl+C to stop',
    '',
  ];
}

/** An option as it is typed; nothing where it may be left out. */
function flag(name: string, value: string | number, needless: readonly unknown[]): string {
  return needless.includes(value) ? '' : ` ${name} ${String(value)}`;
}
