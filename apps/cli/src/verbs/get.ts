import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, type CallOptions } from '../options.ts';
import { toJson, toRaw, toText } from '../values.ts';

interface GetOptions extends CallOptions {
  readonly raw: boolean;
}

export function getCommand(context: Context): Command {
  return verb({
    name: 'get',
    description: 'print the value of a key',
    options: callOptions(),
    notes: 'Bytes are shown in base64, objects as JSON. A key that does not exist ends with exit code 3.',
    examples: [
      ['simpledht get greeting', 'Value for greeting: hello world'],
      ['simpledht get photo --raw > photo.jpg', 'exactly the bytes, no line end'],
      ['simpledht get user:1 --json', 'value, version and writer'],
    ],
  })
    .argument('<key>', 'key to look up')
    .option('--raw', 'print the value alone: bytes and text as they are, anything else as JSON', false)
    .action((key: string, options: GetOptions) => perform(context, options.json, () => get(context, key, options)));
}

async function get({ output }: Context, key: string, options: GetOptions): Promise<ExitCode> {
  const entry = await callNode(options, (client) => client.entry(key));
  if (entry === undefined) {
    if (options.json) output.json({ key, found: false });
    else if (options.raw) output.say(`No value found for key: ${key}`);
    else output.answer(`No value found for key: ${output.shown(key)}`);
    return exitCodes.keyNotFound;
  }
  const { value, version, writer, expiresAt } = entry;
  if (options.json) {
    output.json({ key, found: true, value: toJson(value), version, writer, expiresAt: expiresAt ?? null });
  } else if (options.raw) {
    await output.data(toRaw(value));
  } else {
    output.answer(`Value for ${output.paint.cyan(output.shown(key))}: ${output.shown(toText(value))}`);
    if (value instanceof Uint8Array) output.say('These are bytes; --raw writes them as they are');
  }
  return exitCodes.done;
}
