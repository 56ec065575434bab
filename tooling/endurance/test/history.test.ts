import { describe, expect, it } from 'vitest';
import { History } from '../src/run/history.ts';
import type { Operation } from '../src/run/operations.ts';

const put = { kind: 'put', acks: 'local', ttlMs: 0 } as const;
const removal = { ...put, kind: 'delete' } as const;
const timed = { ...put, kind: 'ttl', ttlMs: 1_000 } as const;

/** Three writes of a key; those of these numbers were acknowledged. */
function written(kinds: readonly Omit<Operation, 'key' | 'number'>[], acknowledged: readonly number[]): History {
  const history = new History();
  for (const kind of kinds) history.make('k', kind, 0);
  for (const number of acknowledged) history.acknowledge('k', number, false);
  return history;
}

describe('what members hold, beside what was written', () => {
  it('is right with the last acknowledged write, or one that came after it', () => {
    for (const number of [2, 3]) expect(written([put, put, put], [1, 2]).judge([['k', number, 0]], 0)).toEqual([]);
    expect(written([put], []).judge([], 0)).toEqual([]);
    expect(written([put, removal], [1]).judge([], 0)).toEqual([]);
  });

  it.each([
    ['an acknowledged write is gone', written([put], [1]), [], 0, 'k: write 1 was acknowledged and is lost'],
    ['an older one is back', written([put, put], [2]), [['k', 1, 0]], 0, 'k: write 1 is held, and 2 was acknowledged'],
    ['a deleted one is back', written([put, removal], [2]), [['k', 1, 0]], 0, 'k: write 1 is held, and 2 was'],
    ['one that was never made', written([put], [1]), [['k', 2, 0]], 0, 'k: write 2 is held, and 1 was the last'],
    [
      'a key of nobody',
      written([put], [1]),
      [
        ['k', 1, 0],
        ['x', 1, 0],
      ],
      0,
      'x: nobody wrote it',
    ],
    ['gone before its time', written([timed], [1]), [], 999, 'k: write 1 was acknowledged and is lost'],
    ['held after its time', written([timed], [1]), [['k', 1, 1_000]], 4_000, 'k: write 1 is held 3000 ms after'],
    ['a time that nobody gave', written([put], [1]), [['k', 1, 9_000]], 0, 'k: write 1 has the wrong time'],
  ] as const)('is wrong when %s', (_, history, held, nowMs, fault) => {
    expect(history.judge(held, nowMs).join()).toContain(fault);
  });

  it('does not go back behind what was judged', () => {
    const history = written([put, removal], [1]);
    history.settle([]);
    expect(history.judge([['k', 1, 0]], 0).join()).toContain('write 1 is held');
    const other = written([put, put], [1]);
    other.settle([['k', 2, 0]]);
    expect(other.judge([['k', 2, 0]], 0)).toEqual([]);
    expect(other.judge([['k', 1, 0]], 0).join()).toContain('write 1 is held');
  });

  it('may lack what only a lost disk had, and nothing else', () => {
    const history = written([put, put], [1, 2]);
    history.acknowledge('k', 1, true);
    history.lostDisk('k');
    expect(history.judge([['k', 1, 0]], 0)).toEqual([]);
    expect(history.judge([], 0).join()).toContain('write 1 was acknowledged and is lost');
  });
});
