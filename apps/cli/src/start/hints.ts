import type { DHTNode } from '@simpledht/node';
import { isLoopback, isWildcard, portBeside } from '../addresses.ts';
import type { StartOptions } from './report.ts';

/** What to do next, for somebody who starts a node for the first time. */
export function startHints(
  node: DHTNode,
  { bootstrap, discover = false, ...options }: StartOptions,
): readonly string[] {
  const { host, port, address } = node;
  // How the caller calls us: a repository's `npm start` is not followed by an installed `simpledht`.
  const command = process.env['SIMPLEDHT_COMMAND'] ?? 'simpledht';
  const same = sameFlags(options);
  const call = flag('--host', host, ['0.0.0.0', '::', '127.0.0.1']) + flag('--port', port, [5000]) + same;
  const listen = flag('--host', host, ['0.0.0.0']) + flag('--port', portBeside(port), [5000]) + same;
  const reachable = isWildcard(host) ? `127.0.0.1:${String(port)}` : address;
  const join = discover ? '--discover' : `--bootstrap "${reachable}"`;
  const second = `  ${command} start${listen} ${join}`;
  return [
    '',
    'From a second terminal:',
    `  ${command} put${call} greeting "hello world"`,
    `  ${command} get${call} greeting`,
    ...(bootstrap.length === 0 ? [second] : []),
    ...(isLoopback(host) || node.info().secure ? [] : open(command, options)),
    'Press Ctrl+C to stop',
    '',
  ];
}

function open(command: string, { transport }: Pick<StartOptions, 'transport'>): readonly string[] {
  return [
    '',
    'WARNING: whoever reaches this port can read and write everything, and nothing is encrypted.',
    transport === 'tcp'
      ? 'Give the cluster certificates: --tls DIR everywhere'
      : `Give the cluster a secret: ${command} keygen --out cluster.key, and --secret-file cluster.key everywhere`,
    '',
  ];
}

/** What to say when none of the bootstrap nodes has answered: what was seen, what it may mean, and the cure. */
export function noAnswerHints(names: readonly string[], { transport }: StartOptions): readonly string[] {
  const what = `No answer over ${transport.toUpperCase()} from ${names.join(', ')}`;
  if (transport === 'tcp')
    return [
      `${what}: is a node running there, and reachable? All nodes of a cluster need the same`,
      'transport: with --transport tcp a node does not reach those that run over UDP',
    ];
  return [
    `${what}: is a node running there, with the same secret or none, and does a firewall let UDP through?`,
    'Where UDP is blocked, start all nodes with --transport tcp: all nodes of a cluster need the same transport',
  ];
}

/** What all nodes and calls have in common. */
function sameFlags({
  transport,
  tls = '',
  secretFile = '',
  cluster = '',
}: Pick<StartOptions, 'transport' | 'tls' | 'secretFile' | 'cluster'>): string {
  const name = /^[\w.-]*$/.test(cluster) ? cluster : JSON.stringify(cluster);
  return (
    flag('--cluster', name, ['']) +
    flag('--transport', transport, ['udp']) +
    flag('--tls', tls, ['']) +
    flag('--secret-file', secretFile, [''])
  );
}

/** An option as it is typed; nothing where it may be left out. */
function flag(name: string, value: string | number, needless: readonly unknown[]): string {
  return needless.includes(value) ? '' : ` ${name} ${String(value)}`;
}
