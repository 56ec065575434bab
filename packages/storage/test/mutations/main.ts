/*
 * Breaks one rule of the store at a time, in a copy of its sources, and shows which run of the simulation notices:
 *   npm run mutate:store -- [--rule part-of-its-name] [--seeds 2000] [--workers 2] [--quick]
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { tryAll } from '@simpledht/mutations';
import { mutations } from './list.ts';
import { tryMutation } from './run.ts';

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
const extra = values['keep-tombstones'] ? ['--keep-tombstones'] : [];
const isEachCaught = await tryAll(chosen, {
  workers: Number(values.workers),
  attempt: (mutation) => tryMutation(mutation, Number(values.seeds), extra),
  print: (text) => {
    process.stdout.write(`${text}\n`);
  },
});
if (!isEachCaught) process.exitCode = 1;
