import { describe, expect, it } from 'vitest';
import { findCycle } from '../src/cycles.ts';

describe('findCycle', () => {
  it('takes a diamond for what it is', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
    ]);
    expect(findCycle(graph)).toBeUndefined();
  });

  it('names the nodes of a cycle, wherever it hangs', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(findCycle(graph)).toEqual(['b', 'c', 'd', 'b']);
  });

  it('finds a node that leads to itself', () => {
    expect(findCycle(new Map([['a', ['a']]]))).toEqual(['a', 'a']);
  });
});
