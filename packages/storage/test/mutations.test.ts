import { misfit } from '@simpledht/mutations';
import { describe, expect, it } from 'vitest';
import { mutations } from './mutations/list.ts';
import { sourcesPath, tryMutation } from './mutations/run.ts';

const quick = mutations.filter((mutation) => mutation.quick === true);

describe('the list of broken rules', () => {
  it('fits the sources', async () => {
    const misfits = await Promise.all(mutations.map((mutation) => misfit(sourcesPath, mutation)));
    expect(misfits.filter((one) => one !== undefined)).toEqual([]);
  });
});

/** The whole list: `npm run mutate:store`. */
describe('the store simulation notices, in a copy of the sources, that', () => {
  it.each(quick.map((mutation) => [mutation.rule, mutation] as const))(
    '%s',
    async (_rule, mutation) => {
      expect((await tryMutation(mutation, 200)).caught).toBeDefined();
    },
    600_000,
  );
});
