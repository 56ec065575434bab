import type { Acks } from '@simpledht/node';
import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, parseAcks, type CallOptions } from '../options.ts';
import { waitForAcks } from '../patience.ts';

interface DeleteOptions extends CallOptions {
  readonly acks: Acks;
}

export function deleteCommand(context: Context): Command {
  return verb({
    name: 'delete',
    description: 'delete a key on every node',
    options: callOptions(),
    notes: 'A key that does not exist ends with exit code 3.',
    examples: [
      ['simpledht delete greeting', 'Successfully deleted greeting'],
      ['simpledht delete greeting --acks all', 'fails unless every node confirms'],
    ],
  })
    .argument('<key>', 'key to delete')
    .option('--acks <acks>', 'nodes that must confirm: local, majority, all or a number', parseAcks, 'local')
    .action((key: string, options: DeleteOptions) =>
      perform(context, options.json, () => remove(context, key, options)),
    );
}

async function remove({ output }: Context, key: string, options: DeleteOptions): Promise<ExitCode> {
  const { acks, json } = options;
  const { waitMs, tripMs } = waitForAcks(options.timeout * 1000, acks);
  const result = await callNode(options, (client) => client.delete(key, { acks, timeout: waitMs }), tripMs);
  const { existed, version, acknowledged, members } = result;
  if (json) output.json({ key, deleted: existed, version, acknowledged, members, replicated: acknowledged >= members });
  else if (existed) output.answer(output.paint.green(`Successfully deleted ${output.shown(key)}`));
  else output.answer(`No value found for key: ${output.shown(key)}`);
  return existed ? exitCodes.done : exitCodes.keyNotFound;
}
