import type { NodeInfo } from '@simpledht/node';
import type { Command } from 'commander';
import { publicIpLine } from '../addresses.ts';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, type CallOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { duration, size, table } from '../text.ts';

export function infoCommand(context: Context): Command {
  return verb({
    name: 'info',
    description: 'print the facts of a node',
    options: callOptions(),
    examples: [
      ['simpledht info', 'id, addresses, how much it holds'],
      ['simpledht info --json | jq .ready', 'has the first sync finished?'],
    ],
  }).action((options: CallOptions) => perform(context, options.json, () => info(context.output, options)));
}

async function info(output: Output, options: CallOptions): Promise<ExitCode> {
  const facts = await callNode(options, (client) => client.info());
  if (options.json) output.json({ ...facts, publicAddress: facts.publicAddress ?? null });
  else for (const line of table(rowsOf(facts))) output.answer(output.shown(line));
  return exitCodes.done;
}

function rowsOf(facts: NodeInfo): readonly (readonly [string, string])[] {
  return [
    ['Node ID', facts.id],
    ['Listens on', facts.address],
    ['Local addresses', facts.localAddresses.join(', ')],
    ['Public IP', publicIpLine(facts.publicAddress)],
    ['State', facts.ready ? 'in sync' : 'first sync is running'],
    ['Keys', `${String(facts.size)} (${size(facts.bytes)}), ${String(facts.tombstones)} deleted and remembered`],
    ['Nodes', `${String(facts.alive)} alive of ${String(facts.members)} known`],
    ['Up for', duration(facts.uptimeMs)],
    ['Protocol', `version ${String(facts.protocol)}, ${facts.secure ? 'encrypted' : 'not encrypted'}`],
  ];
}
