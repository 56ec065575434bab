/*
 * Breaks one rule of the store at a time, in a copy of its sources, and shows which run of the simulation notices:
 *   npm run mutate:store -- [--rule part-of-its-name] [--seeds 2000] [--workers 2] [--quick]
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { mutations, type Mutation } from './list.ts';
import { tryMutation, type Verdict } from './run.ts';

const { values } = parseArgs({
  options: {
    rule: { type: 'string', default: '' },
    seeds: { type: 'string', default: '2000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    'keep-tombstones': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const chosen = mutations.filter(({ rule, quick }) => rule.includes(values.rule) && (!values.quick || quick === true));
const verdicts = await tryAll(chosen, Number(values.seeds), Number(values.workers));
const missed = verdicts.filter(({ caught }) => caught === undefined);
print(`\n${String(verdicts.length - missed.length)} of ${String(verdicts.length)} broken rules were caught`);
if (missed.length > 0) process.exitCode = 1;

async function tryAll(list: readonly Mutation[], seeds: number, workers: number): Promise<Verdict[]> {
  const waiting = [...list];
  const done: Verdict[] = [];
  print('| broken rule | caught by | seconds |\n| --- | --- | --- |');
  const work = async (): Promise<void> => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const verdict = await tryMutation(mutation, seeds, values['keep-tombstones'] ? ['--keep-tombstones'] : []);
      done.push(verdict);
      print(`| ${mutation.rule} | ${verdict.caught ?? '**nothing**'} | ${verdict.seconds.toFixed(1)} |`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return done;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
