import type { Acks, Client } from '@simpledht/node';
import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, parseAcks, parseDuration, type CallOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { waitForAcks } from '../patience.ts';
import { shownValue, valueOf, type ValueOptions } from '../value-source.ts';

interface PutOptions extends CallOptions, ValueOptions {
  readonly acks?: Acks;
  /** Ms. */
  readonly ttl?: number;
}

/** How far a write has come. */
interface Reach {
  readonly version?: string;
  readonly acknowledged: number;
  readonly members: number;
}

const notes = `VALUE is stored as a string. --file stores the bytes of a file ("-" is standard
input), with --text as a string. --json-value parses JSON first, so that numbers,
lists and objects keep their types; what JSON lacks is written as
{"$bigint":"1"}, {"$bytes":"<base64>"}, {"$date":"<ISO 8601>"}, {"$number":"NaN"}.
A VALUE that begins with "-" goes after "--".

With --ttl every node drops the value when that time is over. A later put without
--ttl makes it stay.

Without --acks the write is done when the node has it; the call then waits up to
a second for the others, to say whether all have it. With --acks it fails (exit
code 1) when fewer confirm in time; the write stays all the same.`;

export function putCommand(context: Context): Command {
  return verb({
    name: 'put',
    description: 'store a value under a key',
    options: callOptions(),
    notes,
    examples: [
      ['simpledht put greeting "hello world"', 'a string'],
      ['simpledht put visits 42 --json-value', 'a number'],
      ['simpledht put photo --file photo.jpg', 'bytes'],
      ['date | simpledht put today --file - --text', 'standard input, as a string'],
      ['simpledht put session:7 ada --ttl 30m', 'gone after 30 minutes'],
      ['simpledht put order:7 paid --acks majority', 'fails unless most nodes confirm'],
      ['simpledht put --host 10.0.0.2 -- offset -5', 'a value that begins with -'],
    ],
  })
    .argument('<key>', 'up to 1 KiB of UTF-8')
    .argument('[value]', 'what to store; left out with --file')
    .option('--file <path>', 'store the content of a file; "-" reads standard input')
    .option('--text', 'with --file: the content is UTF-8 text', false)
    .option('--json-value', 'the value is JSON', false)
    .option('--ttl <duration>', 'expire after so long: 500ms, 30s, 10m, 2h, 7d', parseDuration)
    .option('--acks <acks>', 'nodes that must confirm: local, majority, all or a number', parseAcks)
    .action((key: string, value: string | undefined, options: PutOptions) =>
      perform(context, options.json, () => put(context, key, value, options)),
    );
}

async function put(context: Context, key: string, text: string | undefined, options: PutOptions): Promise<ExitCode> {
  const { output } = context;
  const value = await valueOf(text, options);
  const { waitMs, tripMs } = waitForAcks(options.timeout * 1000, options.acks);
  const reach = await callNode(options, (client) => write(client, key, value, { ...options, waitMs }), tripMs);
  if (options.json) {
    const { acknowledged, members, version } = reach;
    output.json({
      key,
      stored: true,
      version: version ?? null,
      acknowledged,
      members,
      replicated: acknowledged >= members,
    });
  } else {
    output.answer(
      output.paint.green(`Successfully stored ${output.shown(key)}=${output.shown(shownValue(value, options))}`),
    );
    tellReach(output, reach, options.acks === undefined);
  }
  return exitCodes.done;
}

/** Without `acks` a write that not all have confirmed in time is a success all the same. */
async function write(
  client: Client,
  key: string,
  value: unknown,
  { acks, ttl, waitMs }: { readonly acks?: Acks; readonly ttl?: number; readonly waitMs: number },
): Promise<Reach> {
  try {
    const expiry = ttl === undefined ? {} : { ttl };
    return await client.put(key, value, { acks: acks ?? 'all', timeout: waitMs, ...expiry });
  } catch (error) {
    const { InDoubtError } = await import('@simpledht/node');
    if (acks !== undefined || !(error instanceof InDoubtError)) throw error;
    return { acknowledged: error.acknowledged, members: error.needed };
  }
}

function tellReach(output: Output, { acknowledged, members }: Reach, waited: boolean): void {
  if (members === 1) output.answer('This node is the only one in the network so far');
  else if (acknowledged >= members) output.answer('Value has been replicated to all nodes in the network');
  else if (waited)
    output.answer(
      `Stored on ${String(acknowledged)} of ${String(members)} nodes so far; the others follow when they can be reached`,
    );
  else output.answer(`Confirmed by ${String(acknowledged)} of ${String(members)} nodes`);
}
