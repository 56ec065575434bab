import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../src/deadlines.ts';

const key = fc.integer({ min: 0, max: 5 });
const moment = fc.integer({ min: 0, max: 20 });
type Operation = (deadlines: Deadlines<number>, model: Map<number, number>) => void;

function dueIn(model: Map<number, number>, nowMs: number): number[] {
  return [...model].filter(([, atMs]) => atMs <= nowMs).map(([one]) => one);
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(key, moment).map(([one, atMs]): Operation => (deadlines, model) => {
    deadlines.set(one, atMs);
    model.set(one, atMs);
  }),
  fc.tuple(key, moment).map(([one, atMs]): Operation => (deadlines, model) => {
    deadlines.hasten(one, atMs);
    const heldMs = model.get(one);
    if (heldMs !== undefined) model.set(one, Math.min(heldMs, atMs));
  }),
  key.map((one): Operation => (deadlines, model) => {
    deadlines.delete(one);
    model.delete(one);
  }),
  moment.map((nowMs): Operation => (deadlines, model) => {
    const due = dueIn(model, nowMs);
    expect([...deadlines.takeDue(nowMs)].sort()).toEqual(due.sort());
    for (const one of due) model.delete(one);
  }),
  moment.map((nowMs): Operation => (deadlines, model) => {
    const first = deadlines.takeFirst(nowMs);
    if (first === undefined) expect(dueIn(model, nowMs)).toEqual([]);
    else expect(model.get(first)).toBe(Math.min(...model.values()));
    if (first !== undefined) model.delete(first);
  }),
  fc.constant<Operation>((deadlines, model) => {
    deadlines.postpone(3);
    for (const [one, atMs] of model) model.set(one, atMs + 3);
  }),
);

describe('deadlines', () => {
  it('are those of a plain map', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const deadlines = new Deadlines<number>();
        const model = new Map<number, number>();
        for (const operate of operations) {
          operate(deadlines, model);
          expect(deadlines.next()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
          expect(deadlines.size).toBe(model.size);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
