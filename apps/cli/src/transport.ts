import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { ClientOptions, NodeOptions } from '@simpledht/node';
import type { TcpTlsOptions } from '@simpledht/transport-tcp';
import { Option } from 'commander';
import { Failure } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

/** How nodes talk; the same for all nodes of a cluster and for calls to them. */
type TransportName = 'udp' | 'tcp';

/** The options of every verb that talks to nodes. */
export interface TransportOptions {
  readonly transport: TransportName;
  /** Directory with the certificates. */
  readonly tls?: string;
  /** Name of the cluster. */
  readonly cluster?: string;
}

export function clusterOption(): Option {
  const words = 'name of the cluster: the same for all nodes and calls; others are not heard';
  return new Option('--cluster <name>', words).env('SIMPLEDHT_CLUSTER');
}

/** Made anew for each command, for a command owns its options. */
export function transportOptions(): readonly Option[] {
  return [
    new Option('--transport <transport>', 'how to talk: the same for all nodes and calls')
      .choices(['udp', 'tcp'])
      .default('udp')
      .env('SIMPLEDHT_TRANSPORT'),
    clusterOption(),
    new Option('--tls <directory>', 'with tcp: encrypt, with ca.crt, node.crt and node.key').env('SIMPLEDHT_TLS'),
  ];
}

/** What a node needs for another transport than UDP. */
export async function nodeTransport(
  options: TransportOptions & {
    readonly host: string;
    readonly port: number;
    readonly mtu?: number;
    readonly keepalive?: number;
  },
  hasSecret: boolean,
): Promise<Pick<NodeOptions, 'transport'>> {
  checkSecret(options, hasSecret);
  for (const name of ['mtu', 'keepalive'] as const) {
    if (options.transport === 'tcp' && options[name] !== undefined)
      throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, `--${name} is for UDP, not for --transport tcp`);
  }
  const tls = await readTls(options);
  if (options.transport === 'udp') return {};
  const { tcpTransport } = await import('@simpledht/transport-tcp');
  const { host, port } = options;
  return { transport: tcpTransport({ host, port, settings: await settingsOf(options), ...tls }) };
}

/** What a call needs. Names are resolved here: with another transport than UDP the client takes addresses as they are. */
export async function clientTransport(
  options: TransportOptions & { readonly host: string },
  hasSecret: boolean,
): Promise<Pick<ClientOptions, 'host' | 'transport'>> {
  checkSecret(options, hasSecret);
  const tls = await readTls(options);
  if (options.transport === 'udp') return { host: options.host };
  const { tcpTransport } = await import('@simpledht/transport-tcp');
  const host = await ipOf(options.host);
  const settings = await settingsOf(options);
  const all = host.includes(':') ? '::' : '0.0.0.0';
  return { host, transport: tcpTransport({ host: all, listen: false, settings, ...tls }) };
}

/** What UDP gets from the option `cluster` itself. */
async function settingsOf({ cluster = '' }: TransportOptions): Promise<{ readonly clusterTag: number }> {
  const { clusterTagOf } = await import('@simpledht/node');
  return { clusterTag: clusterTagOf(cluster) };
}

/** Silence about a secret that protects nothing would be worse than no secret. */
function checkSecret({ transport }: TransportOptions, hasSecret: boolean): void {
  if (transport === 'tcp' && hasSecret)
    throw new Failure(
      'ERR_INVALID_OPTION',
      exitCodes.usage,
      'A secret is for UDP; --transport tcp is encrypted by --tls',
    );
}

async function ipOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    // As the client does for UDP: nodes listen on IPv4 by default.
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch {
    throw new Failure('ERR_INVALID_ADDRESS', exitCodes.failed, `${host} does not resolve to an address`);
  }
}

async function readTls({ transport, tls }: TransportOptions): Promise<{ readonly tls?: TcpTlsOptions }> {
  if (tls === undefined) return {};
  if (transport === 'udp')
    throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, '--tls needs --transport tcp: UDP has no TLS');
  // One after the other, so that the first one that is missing is the one that is told.
  const ca = await read(tls, 'ca.crt');
  return { tls: { ca, cert: await read(tls, 'node.crt'), key: await read(tls, 'node.key') } };
}

async function read(directory: string, file: string): Promise<string> {
  try {
    return await readFile(join(directory, file), 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, `--tls ${directory}: ${file} cannot be read: ${reason}`, [
      'The directory needs ca.crt (the authority of the cluster), node.crt (issued by it) and node.key, all in PEM',
    ]);
  }
}
