/* Breaks one rule of the store at a time, in a copy of its sources, and shows which run of the simulation notices. */
import { availableParallelism } from 'node:os';
import { campaignOptions, chosen, examples, tryAll } from '@simpledht/mutations';
import { flag, main, type Values } from '@simpledht/script-options';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

const usage = {
  command: 'npm run mutate:store',
  about: "Breaks one of the store's rules at a time and runs histories until one fails.",
  examples,
  options: {
    ...campaignOptions(availableParallelism()),
    'keep-tombstones': flag('does not ask for purged tombstones in the end'),
  },
} as const;

process.exitCode = await main(usage, mutate);

function mutate({ seeds, workers, ...values }: Values<typeof usage.options>): Promise<boolean> {
  const extra = values['keep-tombstones'] ? ['--keep-tombstones'] : [];
  return tryAll(chosen(mutations, values), {
    workers,
    attempt: (mutation) => tryMutation(mutation, seeds, extra),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
  });
}
