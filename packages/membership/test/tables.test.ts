import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '@simpledht/wire';
import { sample } from '../src/chance.ts';
import { MemberTable } from '../src/member-table.ts';
import { isLive, newEntry, type Entry } from '../src/member.ts';
import { peer, update } from './script.ts';
import { seeded } from './simulation/schedule.ts';

/** A number adds that member, changes its state, or removes it. */
const steps = fc.array(
  fc.record({
    number: fc.integer({ min: 0, max: 9 }),
    state: fc.constantFrom('alive', 'suspect', 'dead', 'left', undefined),
  }),
  { maxLength: 60 },
);

function play(table: MemberTable, { number, state }: { number: number; state: Entry['state'] | undefined }): void {
  const entry = table.get(peer(number).id);
  if (entry === undefined) table.add(newEntry(update(peer(number), state ?? 'alive'), 0));
  else if (state === undefined) table.remove(entry);
  else {
    entry.state = state;
    table.changed(entry);
  }
}

describe('the table of members', () => {
  it('knows who lives, and who comes after whom, as a look at all of them tells', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: -1, max: 9 }), fc.integer({ min: 1, max: 4 }), (all, last, count) => {
        const table = new MemberTable();
        for (const step of all) play(table, step);
        const entries = [...table.all()];
        const live = new Set(table.live);
        expect(live.size).toBe(table.live.length);
        expect(live).toEqual(new Set(entries.filter(isLive)));
        const after: NodeId | '' = last < 0 ? '' : peer(last).id;
        const later = entries
          .map(({ id }) => id)
          .sort()
          .filter((id) => id > after);
        expect(table.idsAfter(after, count)).toEqual({ ids: later.slice(0, count), more: later.length > count });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a sample', () => {
  it.each([5, 12, 40, 400])('of %i has each as often as the next, and nobody twice', (size) => {
    const random = seeded(size);
    const items = Array.from({ length: size }, (_, index) => index);
    const counts = new Map<number, number>();
    const rounds = 200 * size;
    for (let left = rounds; left > 0; left--) {
      const drawn = sample(items, 3, random, (item) => item !== 1);
      expect(new Set(drawn).size).toBe(3);
      for (const item of drawn) counts.set(item, (counts.get(item) ?? 0) + 1);
    }
    expect(counts.has(1)).toBe(false);
    expect(counts.size).toBe(size - 1);
    // Six standard deviations of so many draws.
    const mean = (3 * rounds) / (size - 1);
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
  });

  it('has all who are accepted when those are few', () => {
    const items = Array.from({ length: 500 }, (_, index) => index);
    expect([...sample(items, 3, seeded(1), (item) => item % 250 === 7)].sort()).toEqual([257, 7]);
    expect(sample([], 3, seeded(1), () => true)).toEqual([]);
  });
});
