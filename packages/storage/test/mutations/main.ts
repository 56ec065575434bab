/* Breaks one rule of the store at a time, in a copy of its sources, and shows which run of the simulation notices. */
import { availableParallelism } from 'node:os';
import { tryAll } from '@simpledht/mutations';
import { flag, main, number, text, UsageError, type Values } from '@simpledht/script-options';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

const usage = {
  command: 'npm run mutate:store',
  about: "Breaks one of the store's rules at a time and runs histories until one fails.",
  examples: [
    ['--quick', 'those that are in the suite'],
    ['--rule tombstone', 'those with this in their name'],
  ],
  options: {
    rule: text({ help: 'only these rules', takes: 'a part of their names', sign: 'TEXT' }),
    quick: flag('only those that are in the suite'),
    seeds: number({ help: 'runs for each rule at the most', default: 2_000, least: 1 }),
    workers: number({ help: 'rules at a time', default: availableParallelism(), least: 1, most: 1_000 }),
    'keep-tombstones': flag('does not ask for purged tombstones in the end'),
  },
} as const;

process.exitCode = await main(usage, mutate);

function mutate({ rule: part = '', quick, seeds, workers, ...values }: Values<typeof usage.options>): Promise<boolean> {
  const chosen = mutations.filter((each) => each.rule.includes(part) && (!quick || each.quick === true));
  if (chosen.length === 0) throw new UsageError(`--rule: no rule has ${JSON.stringify(part)} in its name`);
  const extra = values['keep-tombstones'] ? ['--keep-tombstones'] : [];
  return tryAll(chosen, {
    workers,
    attempt: (mutation) => tryMutation(mutation, seeds, extra),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
  });
}
