import { describe, expect, it } from 'vitest';
import type { Write } from '../src/index.ts';
import { deltaOf, nodeId, SingleReplica } from './single-replica.ts';

const peer = nodeId(1);

function writes(count: number, bytes: number, name: string): Write[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `${name} ${String(index)}`,
    value: new Uint8Array(bytes),
    expiresAt: 0,
  }));
}

/** Keys of each delta of the turn. */
function deltas(replica: SingleReplica): string[][] {
  replica.turn();
  return replica.requests('delta').map((request) => deltaOf(request).records.map(({ key }) => key));
}

describe('a batch', () => {
  it('leaves in one delta, whatever was written around it', () => {
    const replica = new SingleReplica({ deltaBytes: 1_000 });
    replica.meet(peer);
    for (let index = 0; index < 5; index++) replica.put(`before ${String(index)}`, 'x'.repeat(100));
    replica.core.batch(writes(6, 100, 'batch'), replica.now.wallMs);
    replica.put('after', 'x');
    const sent = deltas(replica);
    const whole = writes(6, 100, 'batch').map(({ key }) => key);
    expect(sent.find((keys) => keys.includes('batch 0'))).toEqual(expect.arrayContaining(whole));
    expect(sent.flat()).toHaveLength(12);
    expect(sent.length).toBeGreaterThan(1);
  });

  it('that is larger than a delta leaves alone', () => {
    const replica = new SingleReplica({ deltaBytes: 1_000 });
    replica.meet(peer);
    replica.put('before', 'x'.repeat(900));
    replica.core.batch(writes(50, 100, 'batch'), replica.now.wallMs);
    replica.put('after', 'x');
    const [first, second, ...others] = deltas(replica);
    expect(first).toEqual(['before']);
    expect(second).toEqual(writes(50, 100, 'batch').map(({ key }) => key));
    expect(others).toEqual([['after']]);
  });
});
