/* Breaks one rule of the whole stack at a time, in a copy of its sources, and shows which run of the simulator notices. */
import { campaignOptions, chosen, examples, tryAll } from '@simpledht/mutations';
import { main, type Values } from '@simpledht/script-options';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

const usage = {
  command: 'npm run mutate:clusters',
  about: 'Breaks one rule of the sources at a time and runs clusters until one fails.',
  examples,
  options: campaignOptions(1),
} as const;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    interruption.abort();
  });
process.exitCode = await main(usage, mutate);

function mutate({ seeds, workers, ...which }: Values<typeof usage.options>): Promise<boolean> {
  return tryAll(chosen(mutations, which), {
    workers,
    attempt: (mutation) => tryMutation(mutation, { seeds, signal: interruption.signal }),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
  });
}
