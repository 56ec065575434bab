import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, parseNodeId, type CallOptions } from '../options.ts';

const notes = `A dead node is waited for: "--acks all" counts it, and deleted keys are remembered
for it. This tells all nodes that it will not come back. If it does, it joins like a
new one. "simpledht peers" prints the ids. An id that no dead node has ends with exit
code 1.`;

export function forgetCommand(context: Context): Command {
  return verb({
    name: 'forget',
    description: 'declare a dead node gone for good',
    options: callOptions(),
    notes,
    examples: [['simpledht forget 0123456789abcdef0123456789abcdef', 'on every node']],
  })
    .argument('<id>', 'id of the node, 32 hex digits', parseNodeId)
    .action((id: string, options: CallOptions) => perform(context, options.json, () => forget(context, id, options)));
}

async function forget({ output }: Context, id: string, options: CallOptions): Promise<ExitCode> {
  const forgotten = await callNode(options, (client) => client.forget(id));
  if (options.json) output.json({ id, forgotten });
  else if (forgotten) output.answer(output.paint.green(`Node forgotten: ${id}`));
  else output.answer(`No such dead node: ${id}`);
  return forgotten ? exitCodes.done : exitCodes.failed;
}
