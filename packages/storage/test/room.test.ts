import { SimpleDHTError, type Delta } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { bytes, record } from './records.ts';
import { coveredTo, digestOf, nodeId, originOf, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const origin = originOf(8);

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof SimpleDHTError ? error.code : 'another error';
  }
  return undefined;
}

function full(maxKeys = 3): SingleReplica {
  const replica = new SingleReplica({ maxKeys });
  for (let index = 0; index < maxKeys; index++) replica.put(`\u0000${String(index)}`, 'v');
  replica.turn();
  return replica;
}

/** So many records of another node, the first with that number. */
function delta(first: number, count: number, length = 1): Delta {
  const records = Array.from({ length: count }, (_, index) =>
    record(`\u0000foreign ${String(first + index)}`, first + index, { value: new Uint8Array(length) }),
  );
  return { kind: 'delta', ranges: [{ origin, from: first - 1, to: first + count - 1 }], records };
}

describe('a map that is full', () => {
  it('takes no new key', () => {
    const replica = full();
    const last = replica.store.get('\u00002')?.seq ?? 0;
    expect(codeOf(() => replica.put('\u0000new', 'v'))).toBe('ERR_MAP_FULL');
    expect([replica.store.size, replica.store.get('\u0000new')]).toEqual([3, undefined]);
    // The refused write used no number.
    expect(replica.put('\u00002', 'w')).toBe(last + 1);
  });

  it('takes deletes, of keys that nobody holds as well, and what overwrites', () => {
    const replica = full();
    expect(codeOf(() => replica.put('\u0000other', null))).toBeUndefined();
    expect(codeOf(() => replica.put('\u00000', null))).toBeUndefined();
    expect(codeOf(() => replica.put('\u00001', 'w'))).toBeUndefined();
  });

  it('has room again when tombstones are purged, and not before', () => {
    const replica = full();
    replica.put('\u00000', null);
    replica.turn();
    expect(codeOf(() => replica.put('\u0000new', 'v'))).toBe('ERR_MAP_FULL');
    replica.pass(1_100);
    expect(codeOf(() => replica.put('\u0000new', 'v'))).toBeUndefined();
  });

  it('takes a batch whole or not at all', () => {
    const replica = new SingleReplica({ maxKeys: 3 });
    const batch = (...keys: string[]): string | undefined =>
      codeOf(() =>
        replica.core.batch(
          keys.map((key) => ({ key: `\u0000${key}`, value: bytes('v'), expiresAt: 0 })),
          replica.now.wallMs,
        ),
      );
    expect(batch('a', 'b')).toBeUndefined();
    expect(batch('c', 'd')).toBe('ERR_MAP_FULL');
    expect(replica.core.size).toBe(2);
    expect(batch('a', 'b', 'c')).toBeUndefined();
  });

  it('is full by bytes as well', () => {
    const replica = new SingleReplica({ maxStoreBytes: 1_000 });
    expect(codeOf(() => replica.put('\u0000big', 'v'.repeat(1_001)))).toBe('ERR_MAP_FULL');
    expect(codeOf(() => replica.put('\u0000a', 'v'.repeat(900)))).toBeUndefined();
    expect(codeOf(() => replica.put('\u0000b', 'v'.repeat(200)))).toBe('ERR_MAP_FULL');
    expect(codeOf(() => replica.put('\u0000a', null))).toBeUndefined();
  });
});

describe('what peers bring', () => {
  it('is taken up to twice the limits, then refused until there is room', () => {
    const replica = full();
    replica.ask(bob, delta(1, 2));
    expect([replica.core.size, replica.notices('sync-paused')]).toEqual([5, []]);
    replica.ask(bob, delta(3, 1));
    expect(replica.core.size).toBe(6);
    const refused = replica.ask(bob, delta(4, 1));
    expect(refused).toEqual({
      kind: 'covered',
      from: replica.id,
      joining: false,
      unsettled: false,
      vector: [coveredTo(origin, 3)],
    });
    expect(replica.notices('sync-paused')).toMatchObject([{ keys: 6 }]);
    replica.ask(bob, delta(4, 1));
    expect([replica.core.size, replica.notices('sync-paused')]).toEqual([6, []]);
    replica.put('\u00000', null);
    replica.turn();
    replica.pass(1_100);
    replica.ask(bob, delta(4, 1));
    expect(replica.notices('sync-resumed')).toEqual([{ type: 'sync-resumed' }]);
    expect(replica.core.size).toBe(6);
  });

  it('is refused beyond twice the bytes', () => {
    const replica = new SingleReplica({ maxStoreBytes: 1_000 });
    replica.ask(bob, delta(1, 1, 2_500));
    expect(replica.core.size).toBe(1);
    replica.ask(bob, delta(2, 1));
    expect([replica.core.size, replica.notices('sync-paused').length]).toEqual([1, 1]);
  });

  it('is sent again after a pause by one whose delta was refused', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.put('\u0000k', 'v');
    replica.turn();
    const sent = replica.sole('delta');
    replica.answer(sent, { kind: 'covered', from: alice, joining: false, unsettled: false, vector: [] });
    expect(replica.requests('delta')).toEqual([]);
    const [asked] = replica.pass(1_500);
    if (asked === undefined) throw new Error('never asked');
    replica.answer(asked, digestOf(alice));
    expect(replica.requests('delta')).toHaveLength(1);
  });
});
