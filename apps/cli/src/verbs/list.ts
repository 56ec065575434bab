import type { Client } from '@simpledht/node';
import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, parseCount, type CallOptions } from '../options.ts';
import { oneLine, type Output } from '../output.ts';
import { count, toJson, toText } from '../values.ts';

interface ListOptions extends CallOptions {
  readonly keys: boolean;
  readonly limit?: number;
}

type Pair = readonly [key: string, value?: unknown];

export function listCommand(context: Context): Command {
  return verb({
    name: 'list',
    description: 'print keys and values in key order',
    options: callOptions(),
    notes: 'One line for each key: the key, a tab, the value. With --json one object a line (NDJSON).',
    examples: [
      ['simpledht list', 'everything'],
      ['simpledht list user: --keys', 'the keys that begin with user:'],
      ['simpledht list --json | jq .value', 'as NDJSON'],
    ],
  })
    .argument('[prefix]', 'only keys that begin with it', '')
    .option('--keys', 'keys without values', false)
    .option('--limit <count>', 'at most this many', parseCount)
    .action((prefix: string, options: ListOptions) =>
      perform(context, options.json, () => list(context.output, prefix, options)),
    );
}

async function list(output: Output, prefix: string, options: ListOptions): Promise<ExitCode> {
  const print = options.json ? jsonLine : textLine;
  const listed = await callNode(options, async (client) => {
    let lines = 0;
    for await (const pair of pairs(client, prefix, options)) {
      if (output.closed) break;
      await output.data(`${print(pair, output)}\n`);
      lines++;
    }
    return lines;
  });
  if (output.isTerminal && !options.json) output.say(output.paintWords.dim(count(listed, 'key')));
  return exitCodes.done;
}

async function* pairs(
  client: Client,
  prefix: string,
  { keys, limit = Infinity }: ListOptions,
): AsyncGenerator<Pair, void> {
  if (keys) for await (const key of client.keys({ prefix, limit })) yield [key];
  else yield* client.entries({ prefix, limit });
}

function jsonLine(pair: Pair): string {
  const [key, value] = pair;
  return JSON.stringify(pair.length === 1 ? { key } : { key, value: toJson(value) });
}

function textLine(pair: Pair, { paint }: Output): string {
  const [key, value] = pair;
  const shown = paint.cyan(oneLine(key));
  return pair.length === 1 ? shown : `${shown}\t${oneLine(toText(value))}`;
}
