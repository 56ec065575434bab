import { misfit } from '@simpledht/mutations';
import { describe, expect, it } from 'vitest';
import { mutations } from '../mutations/list.ts';
import { packagesPath, tryMutation } from '../mutations/run.ts';
import { typeProblems } from '../mutations/type-check.ts';

const quick = mutations.filter((mutation) => mutation.quick === true);

describe('the list of broken rules', () => {
  it('has each rule once', () => {
    expect(new Set(mutations.map(({ rule }) => rule)).size).toBe(mutations.length);
  });

  it('fits the sources', async () => {
    const misfits = await Promise.all(mutations.map((mutation) => misfit(packagesPath, mutation)));
    expect(misfits.filter((one) => one !== undefined)).toEqual([]);
  });

  it('makes sources that are sound to the compiler', () => {
    const slip = {
      rule: 'a slip',
      file: 'storage/src/peer.ts',
      search: 'this.known = vector;',
      replacement: 'this.knwon = vector;',
    };
    expect(typeProblems([...mutations, slip])).toEqual([expect.stringMatching('a slip: .*knwon')]);
  }, 60_000);
});

/** The whole list: `npm run mutate:clusters`. */
describe('clusters notice, in a copy of the sources, that', () => {
  it.each(quick.map((mutation) => [mutation.rule, mutation] as const))(
    '%s',
    async (_rule, mutation) => {
      expect((await tryMutation(mutation, { seeds: 20 })).caught).toBeDefined();
    },
    600_000,
  );
});
