import { limits, type NodeId } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { versionOf } from '../src/versions.ts';

const writer = 'ab'.repeat(16) as NodeId;
const version = (hlc: number): string => versionOf({ hlc, writer });

describe('a version', () => {
  it('is the clock in base 36 and the writer', () => {
    const edges = [36 ** 5, 2 * 36 ** 5, 36 ** 6, 36 ** 9, 891_234_567_890_123, limits.maxClock];
    // Back and forth, because a part of the last one is remembered.
    for (const edge of [...edges, ...edges.toReversed(), 1, 36])
      for (const hlc of [edge, edge - 1, Math.min(limits.maxClock, edge + 1)])
        expect(version(hlc)).toBe(`${hlc.toString(36)}-${writer}`);
  });
});
