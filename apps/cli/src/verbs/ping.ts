import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { nameOf } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, parseCount, type CallOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { milliseconds } from '../text.ts';

interface PingOptions extends CallOptions {
  readonly count: number;
}

export function pingCommand(context: Context): Command {
  return verb({
    name: 'ping',
    description: 'measure the round trip to a node',
    options: callOptions(),
    notes: 'The first round trip includes opening the connection.',
    examples: [
      ['simpledht ping', 'is it there?'],
      ['simpledht ping --host 10.0.0.2 --count 10', 'ten round trips, one after the other'],
    ],
  })
    .option('--count <count>', 'how many', parseCount, 3)
    .action((options: PingOptions) => perform(context, options.json, () => ping(context.output, options)));
}

async function ping(output: Output, options: PingOptions): Promise<ExitCode> {
  const node = nameOf(options);
  const timesMs: number[] = [];
  await callNode(options, async (client) => {
    while (timesMs.length < options.count && !output.closed) {
      const timeMs = await client.ping();
      timesMs.push(timeMs);
      if (!options.json) output.answer(`Reply from ${node} in ${milliseconds(timeMs)}`);
    }
  });
  if (options.json) output.json({ address: node, timesMs });
  return exitCodes.done;
}
