import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { MemberUpdate } from '@simpledht/wire';
import { peer, Script, update } from './script.ts';

const teller = peer(9);
/** Suspects die at once and nobody is probed: what is left is what was told. */
const settings = { probeIntervalMs: 1e9, suspicionMultiplier: 1e-12, exchangeIntervalMs: 1e9 };

const someUpdate = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('alive', 'suspect', 'dead', 'left'),
    fc.integer({ min: 0, max: 4 }),
    fc.subarray([peer(1), peer(5), peer(6), teller]),
  )
  .map(([number, state, incarnation, accusers]): MemberUpdate => {
    const isAccused = state === 'suspect' || state === 'dead';
    return { ...update(peer(number), state, incarnation), accusers: isAccused ? accusers.map(({ id }) => id) : [] };
  });

const updatesInTwoOrders = fc
  .array(someUpdate, { maxLength: 20 })
  .chain((updates) => fc.tuple(fc.constant(updates), fc.shuffledSubarray(updates, { minLength: updates.length })));

function rosterAfter(updates: readonly MemberUpdate[]): object[] {
  const script = new Script({ settings }).meet(teller);
  for (const one of updates) script.gossip(teller, [one]);
  script.pass(1);
  return script.core.members
    .map(({ id, state, incarnation, address, accusers }) => ({
      id,
      state,
      incarnation,
      address,
      accusers: [...accusers].sort(),
    }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

describe('updates', () => {
  it('give one roster in whatever order they come', () => {
    fc.assert(
      fc.property(updatesInTwoOrders, ([first, second]) => {
        expect(rosterAfter(second)).toEqual(rosterAfter(first));
      }),
      { numRuns: 300 },
    );
  });

  it('change nothing when they are told again', () => {
    fc.assert(
      fc.property(fc.array(someUpdate, { maxLength: 20 }), (updates) => {
        expect(rosterAfter([...updates, ...updates])).toEqual(rosterAfter(updates));
      }),
      { numRuns: 200 },
    );
  });
});
