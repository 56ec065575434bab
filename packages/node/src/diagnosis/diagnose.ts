import { clusterTagOf, udpTransport } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import { Client, resolveHost, type ClientOptions } from '../client.ts';
import { defaultPort } from '../defaults.ts';
import { invalid, isInteger } from '../options.ts';
import type { CallReport } from './call-report.ts';
import { probe, probeTcp, type ProbeReport, type Target } from './probes.ts';

export interface DiagnosisOptions {
  /** Node to look at; 127.0.0.1 by default. */
  readonly host?: string;
  /** 5000 by default. */
  readonly port?: number;
  /** The cluster's secret, or several. */
  readonly secret?: string | readonly string[];
  /** Name of the cluster, see `NodeOptions.cluster`. */
  readonly cluster?: string;
  /** UDP port of this machine at which the node is to dial back; a free one by default. */
  readonly listenPort?: number;
  /** How long to wait for each answer, ms. Default 5,000. */
  readonly timeout?: number;
}

/** What there is between this machine and a node. */
export interface Diagnosis {
  readonly address: string;
  /** Whether UDP gets there and back, how fast, and in what sizes. */
  readonly udp: ProbeReport;
  /** Asked when UDP gets no answer: whether TCP is listened to at that port. */
  readonly tcp: 'listens' | 'refused' | 'silent' | undefined;
  /** What a call brought; `undefined` when UDP gets no answer, or the call none: another secret, or another protocol. */
  readonly call: CallReport | undefined;
}

const defaultTimeoutMs = 5000;

/**
 * Looks at the way to a node, both directions, without joining. Rejects with `ERR_INVALID_OPTION`, with `ERR_INVALID_ADDRESS` when
 * the name does not resolve, and with `ERR_ADDRESS_IN_USE` for `listenPort`.
 */
export async function diagnose(options: DiagnosisOptions = {}): Promise<Diagnosis> {
  const { host = '127.0.0.1', port = defaultPort, timeout = defaultTimeoutMs } = options;
  if (!isInteger(port, 1, 65_535)) throw invalid('port', 'an integer from 1 to 65535', port);
  const target = { ip: await resolveHost(host), port };
  const udp = await probe(target, timeout);
  const answered = udp.outcome === 'answered';
  return {
    address: addressOf(target),
    udp,
    tcp: answered ? undefined : await probeTcp(target, timeout),
    call: answered ? await call(target, options) : undefined,
  };
}

async function call(target: Target, options: DiagnosisOptions): Promise<CallReport | undefined> {
  const { secret, cluster = '', listenPort = 0, timeout = defaultTimeoutMs } = options;
  const settings = { clusterTag: clusterTagOf(cluster) };
  const host = target.ip.includes(':') ? '::' : '0.0.0.0';
  const transport = udpTransport({ host, port: listenPort, settings, ...(secret !== undefined && { secret }) });
  // It hears the node that dials back, and has nothing to say to it.
  await transport.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
  const clientOptions: ClientOptions = { timeout };
  const client = new Client(transport, addressOf(target), clientOptions);
  try {
    const { protocol, secure } = await client.info();
    return { protocol, secure, ...(await client.path()) };
  } catch (error) {
    if (SimpleDHTError.is(error, 'ERR_TIMEOUT') || SimpleDHTError.is(error, 'ERR_LINK_DOWN')) return undefined;
    throw error;
  } finally {
    await client.close();
  }
}

function addressOf({ ip, port }: Target): string {
  return ip.includes(':') ? `[${ip}]:${String(port)}` : `${ip}:${String(port)}`;
}
