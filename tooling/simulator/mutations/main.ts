/* Breaks one rule of the whole stack at a time, in a copy of its sources, and shows which run of the simulator notices. */
import { tryAll } from '@simpledht/mutations';
import { flag, main, number, text, UsageError, type Values } from '@simpledht/script-options';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

const usage = {
  command: 'npm run mutate:clusters',
  about: 'Breaks one rule of the sources at a time and runs clusters until one fails.',
  examples: [
    ['--quick', 'those that are in the suite'],
    ['--rule tombstone', 'those with this in their name'],
  ],
  options: {
    rule: text({ help: 'only these rules', takes: 'a part of their names', sign: 'TEXT' }),
    quick: flag('only those that are in the suite'),
    seeds: number({ help: 'runs for each rule at the most', default: 2_000, least: 1 }),
    workers: number({ help: 'rules at a time', default: 1, least: 1, most: 1_000 }),
  },
} as const;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    interruption.abort();
  });
process.exitCode = await main(usage, mutate);

function mutate({ rule: part = '', quick, seeds, workers }: Values<typeof usage.options>): Promise<boolean> {
  const chosen = mutations.filter((each) => each.rule.includes(part) && (!quick || each.quick === true));
  if (chosen.length === 0) throw new UsageError(`--rule: no rule has ${JSON.stringify(part)} in its name`);
  return tryAll(chosen, {
    workers,
    attempt: (mutation) => tryMutation(mutation, { seeds, signal: interruption.signal }),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
  });
}
