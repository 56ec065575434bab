import type { DHTNode } from '@simpledht/node';
import { isLoopback, isWildcard } from '../addresses.ts';
import type { StartOptions } from './report.ts';

const defaultPort = 5000;

/** What to do next, for somebody who starts a node for the first time. */
export function startHints(node: DHTNode, { bootstrap }: StartOptions): readonly string[] {
  const { host, port, address } = node;
  // How the caller calls us: a repository's `npm start` is not followed by an installed `simpledht`.
  const command = process.env['SIMPLEDHT_COMMAND'] ?? 'simpledht';
  const where = `${isWildcard(host) ? '' : ` --host ${host}`}${port === defaultPort ? '' : ` --port ${String(port)}`}`;
  const reachable = isWildcard(host) ? `127.0.0.1:${String(port)}` : address;
  const second = `  ${command} start --port ${String(port + 1)} --bootstrap ${reachable}`;
  return [
    '',
    'From a second terminal:',
    `  ${command} put${where} greeting "hello world"`,
    `  ${command} get${where} greeting`,
    ...(bootstrap.length === 0 ? [second] : []),
    ...(isLoopback(host) ? [] : ['', 'Anyone who reaches this port can read and write: nothing is encrypted']),
    'Press Ctrl+C to stop',
    '',
  ];
}
