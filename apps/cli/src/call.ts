import type { Client } from '@simpledht/node';
import { explain } from './errors.ts';
import type { CallOptions } from './options.ts';
import { readSecrets } from './secrets.ts';
import { clientTransport } from './transport.ts';

/** The largest value that any node takes: the node that is called judges by its own limit. */
const maxValueBytes = 16 * 1024 * 1024;

/** Calls a node and hangs up, whatever happens. The library is loaded here, so that `--help` does not wait for it. */
export async function callNode<T>(
  options: CallOptions,
  work: (client: Client) => Promise<T>,
  answerWithinMs: number = options.timeout * 1000,
): Promise<T> {
  try {
    const { connect } = await import('@simpledht/node');
    const { port, cluster } = options;
    const secret = await readSecrets(options.secretFile);
    const reached = await clientTransport(options, secret !== undefined);
    const secured = { ...(secret !== undefined && { secret }), ...(cluster !== undefined && { cluster }) };
    const client = await connect({ ...reached, port, timeout: answerWithinMs, maxValueBytes, ...secured });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  } catch (error) {
    throw await explain(error, options);
  }
}
