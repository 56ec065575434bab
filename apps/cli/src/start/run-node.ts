import { explain, Failure } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { readSecrets } from '../secrets.ts';
import { nodeTransport } from '../transport.ts';
import { JsonReport } from './json-report.ts';
import { openData } from './data.ts';
import { nodeDiscovery } from './discovery.ts';
import { startMapping } from './port-mapping.ts';
import type { Report, StartOptions } from './report.ts';
import { StopRequest } from './stop-request.ts';
import { TextReport } from './text-report.ts';

/** Starts a node, tells what it does, and stops it when somebody asks. */
export async function runNode(output: Output, options: StartOptions): Promise<ExitCode> {
  const stop = new StopRequest();
  try {
    const { createNode } = await import('@simpledht/node');
    const { host, port, bootstrap, advertise, data, mtu, keepalive, stun, cluster, preset } = options;
    if (options.transport === 'tcp' && (stun.length > 0 || options.mapPort)) throw onlyUdp();
    const secret = await readSecrets(options.secretFile);
    const node = await createNode({
      host,
      port,
      bootstrap,
      preset,
      ...(await nodeTransport(options, secret !== undefined)),
      ...(await nodeDiscovery(options)),
      ...(cluster === undefined ? {} : { cluster }),
      ...(advertise === undefined ? {} : { advertise }),
      ...(secret === undefined ? {} : { secret }),
      ...(stun.length === 0 ? {} : { stun }),
      ...(mtu === undefined ? {} : { mtu }),
      ...(keepalive === undefined ? {} : { keepaliveMs: keepalive }),
      ...(data === undefined ? {} : { store: await openData(data) }),
    });
    const report: Report = options.json ? new JsonReport(output, node) : new TextReport(output, node, options);
    const mapping = options.mapPort ? await startMapping(node, report, advertise) : undefined;
    const signal = await stop.requested;
    report.stopping(signal);
    await Promise.all([node.stop(), mapping?.stop()]);
    report.stopped();
    return exitCodes.done;
  } catch (error) {
    throw await explain(error, options);
  } finally {
    stop.close();
  }
}

function onlyUdp(): Failure {
  return new Failure(
    'ERR_INVALID_OPTION',
    exitCodes.usage,
    '--stun and --map-port are for UDP, not for --transport tcp',
  );
}
