import { Option, type Command } from 'commander';
import { perform, verb, type Context } from '../context.ts';
import { findings } from '../diagnosis.ts';
import { explain } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { jsonOption, parseHost, parseListenPort, parsePort, parseSeconds, secretFileOption } from '../options.ts';
import type { Output } from '../output.ts';
import { readSecrets } from '../secrets.ts';
import { clusterOption } from '../transport.ts';

interface DoctorOptions {
  readonly host: string;
  readonly port: number;
  readonly listenPort: number;
  /** Seconds. */
  readonly timeout: number;
  readonly secretFile?: string;
  readonly cluster?: string;
  readonly json: boolean;
}

const notes = `Looks at the way between this machine and a node that runs over UDP, in both
directions, without joining: packets there and back, what of them is lost, how large
they may be, the secret, the clocks, and whether the node reaches this machine by
itself, as nodes have to. Exit code 0 when all is well, 4 when the node does not
answer, 1 when something else is wrong.`;

export function doctorCommand(context: Context): Command {
  return verb({
    name: 'doctor',
    description: 'find out what is blocked between here and a node',
    options: [
      new Option('--host <host>', 'node to look at').default('127.0.0.1').env('SIMPLEDHT_HOST').argParser(parseHost),
      new Option('--port <port>', 'its port').default(5000).env('SIMPLEDHT_PORT').argParser(parsePort),
      new Option('--listen-port <port>', 'UDP port of this machine that the node is to reach; 0 takes a free one')
        .default(0)
        .argParser(parseListenPort),
      new Option('--timeout <seconds>', 'how long to wait for an answer; fractions allowed')
        .default(5)
        .env('SIMPLEDHT_TIMEOUT')
        .argParser(parseSeconds),
      secretFileOption(),
      clusterOption(),
      jsonOption('print one JSON object instead of sentences'),
    ],
    notes,
    examples: [
      ['simpledht doctor --host 203.0.113.7', 'why does it not answer?'],
      ['simpledht doctor --host 203.0.113.7 --listen-port 5000', 'would it reach a node here on port 5000?'],
    ],
  }).action((options: DoctorOptions) => perform(context, options.json, () => doctor(context.output, options)));
}

async function doctor(output: Output, options: DoctorOptions): Promise<ExitCode> {
  const { host, port, listenPort, timeout } = options;
  try {
    const named = options.cluster === undefined ? {} : { cluster: options.cluster };
    const { diagnose } = await import('@simpledht/node');
    const secret = await readSecrets(options.secretFile);
    const secured = secret === undefined ? {} : { secret };
    const diagnosis = await diagnose({ host, port, listenPort, timeout: timeout * 1000, ...secured, ...named });
    const all = findings(diagnosis, secret !== undefined);
    if (options.json) output.json({ ...diagnosis, findings: all });
    else
      for (const { ok, text, cures } of all) {
        const { green, red } = output.paint;
        output.answer(`${ok ? green('ok     ') : red('blocked')}  ${output.shown(text)}`);
        for (const cure of cures) output.answer(`           ${cure}`);
      }
    if (diagnosis.call === undefined) return exitCodes.noResponse;
    return all.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    throw await explain(error, { host, port: listenPort === 0 ? port : listenPort });
  }
}
