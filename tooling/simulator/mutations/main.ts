/* Breaks one rule of the whole stack at a time, in a copy of its sources, and shows which run of the simulator notices. */
import { parseArgs } from 'node:util';
import { tryAll } from '@simpledht/mutations';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

const help = `Breaks one rule of the sources at a time and runs clusters until one fails.

  npm run mutate:clusters -- --quick               those that are in the suite
  npm run mutate:clusters -- --rule tombstone      those with this in their name

  --seeds N       runs for each rule at the most (2000)
  --workers N     rules at a time (1)
`;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    interruption.abort();
  });
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rule: { type: 'string', default: '' },
      seeds: { type: 'string', default: '2000' },
      workers: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(help);
    return;
  }
  const seeds = wholeNumber('seeds', values.seeds);
  const chosen = mutations.filter(({ rule, quick }) => rule.includes(values.rule) && (!values.quick || quick === true));
  if (chosen.length === 0) throw new Error(`--rule: no rule has ${JSON.stringify(values.rule)} in its name`);
  const isEachCaught = await tryAll(chosen, {
    workers: wholeNumber('workers', values.workers),
    attempt: (mutation) => tryMutation(mutation, { seeds, signal: interruption.signal }),
    print,
  });
  if (!isEachCaught) process.exitCode = 1;
}

function wholeNumber(name: string, given: string): number {
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`--${name} must be a whole number from 1 on, not ${JSON.stringify(given)}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
