import { originNode } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/index.ts';
import { bytes, record } from './records.ts';
import { agreeing, coveredTo, deltaOf, digestOf, nodeId, said, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];

function originAt(replica: SingleReplica, key: string): ReturnType<typeof record>['origin'] {
  const held = replica.store.get(`\u0000${key}`);
  if (held === undefined) throw new Error(`nothing at ${key}`);
  return held.origin;
}

function write(replica: SingleReplica, ...keys: string[]): void {
  for (const key of keys) replica.put(`\u0000${key}`, `${key} of ${String(replica.nowMs)}`);
  replica.turn();
}

describe('an origin of this node', () => {
  it('is opened by the first write, and carries its id', () => {
    const replica = new SingleReplica();
    expect(said(replica)).toMatchObject({ origin: '', vector: [] });
    write(replica, 'a', 'b');
    const origin = originAt(replica, 'a');
    expect([originAt(replica, 'b'), originNode(origin)]).toEqual([origin, nodeId(0)]);
    expect(said(replica)).toMatchObject({ origin, vector: [coveredTo(origin, 2)] });
  });

  it('is not written under by the next process on the same store', () => {
    const replica = new SingleReplica();
    write(replica, 'a', 'b');
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    expect(said(again).origin).toBe('');
    write(again, 'c');
    const [former, fresh] = [originAt(replica, 'a'), originAt(again, 'c')];
    expect(fresh).not.toBe(former);
    expect(again.store.get('\u0000c')?.seq).toBe(1);
    expect(said(again).vector).toEqual([coveredTo(former, 2), coveredTo(fresh, 1)]);
  });

  it('gives other versions than another life on the same old copy, though the clock is behind', () => {
    const versions = [2, 3].map((seed) => {
      const copy = memoryStore();
      write(new SingleReplica({ store: copy }), 'a');
      const again = new SingleReplica({ store: copy, seed });
      again.steppedMs = -60_000;
      write(again, 'b');
      return again.store.get('\u0000b')?.hlc;
    });
    expect(versions[0]).not.toBe(versions[1]);
  });

  it('that lost its tail does not use its numbers again', () => {
    const replica = new SingleReplica();
    write(replica, 'a', 'b');
    const own = originAt(replica, 'a');
    // The disk has only what was there before the second write.
    const disk = memoryStore();
    const before = new SingleReplica({ store: disk });
    write(before, 'a');
    const again = new SingleReplica({ store: disk, seed: 2 });
    write(again, 'other');
    expect(originAt(again, 'other')).not.toBe(own);
    const ranges = [{ origin: own, from: 1, to: 2 }];
    again.ask(alice, { kind: 'delta', ranges, records: [record('\u0000b', 2, { origin: own })] });
    expect([again.core.size, again.core.counters['originChanges']]).toEqual([3, 0]);
  });

  it('is covered no more when the records were wiped, whatever the metadata says', () => {
    const replica = new SingleReplica();
    write(replica, 'a', 'b');
    const origin = originAt(replica, 'a');
    replica.store.apply({ removed: ['\u0000a', '\u0000b'] });
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    expect(said(again).vector).toEqual([]);
    const ranges = [{ origin, from: 0, to: 2 }];
    again.ask(alice, { kind: 'delta', ranges, records: [record('\u0000a', 1, { origin })] });
    expect(again.core.size).toBe(1);
  });

  it('of a former life is brought to every peer, and what is written now as well', () => {
    const replica = new SingleReplica();
    write(replica, 'a');
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    write(again, 'b');
    again.meet(alice);
    const sent = again.requests('delta').flatMap((request) => deltaOf(request).records);
    expect(sent.map(({ key }) => key).sort()).toEqual(['\u0000a', '\u0000b']);
  });
});

describe('an own origin is given up for another', () => {
  /** Two writes, one of them overwritten: numbers 1 and 3 live. */
  function writer(): SingleReplica {
    const replica = new SingleReplica();
    replica.meet(alice);
    write(replica, 'a', 'b', 'b');
    return replica;
  }

  it.each<[string, (replica: SingleReplica, own: ReturnType<typeof originAt>) => void]>([
    [
      'somebody else uses the id',
      (replica) => {
        replica.handle({ type: 'identity-conflict' });
      },
    ],
    [
      'a delta brings more of it than was written',
      (replica, origin) => {
        replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 3, to: 4 }], records: [] });
      },
    ],
    [
      'a digest covers more of it than was written',
      (replica, own) => {
        replica.ask(alice, digestOf(alice, { vector: [coveredTo(own, 4)] }));
      },
    ],
  ])('when %s', (_, happen) => {
    const replica = writer();
    const former = originAt(replica, 'a');
    happen(replica, former);
    expect(replica.notices('origin-changed')).toEqual([{ type: 'origin-changed', former }]);
    const fresh = originAt(replica, 'a');
    expect([fresh === former, originAt(replica, 'b') === fresh]).toEqual([false, true]);
    // What was written has new dots without gaps, in the old order; nobody relies on the old ones.
    expect(['a', 'b'].map((key) => replica.store.get(`\u0000${key}`)?.seq)).toEqual([1, 2]);
    expect(said(replica).vector).toContainEqual(coveredTo(fresh, 2));
    expect(replica.put('\u0000c', 'v')).toBe(3);
    expect(replica.core.counters['originChanges']).toBe(1);
  });

  it('not when a peer covers just what was written', () => {
    const replica = writer();
    replica.ask(alice, agreeing(replica, alice));
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: originAt(replica, 'a'), from: 0, to: 3 }], records: [] });
    expect(replica.notices('origin-changed')).toEqual([]);
    expect(replica.core.counters['originChanges']).toBe(0);
  });

  it('and what the other use of the old one wrote is taken', () => {
    const replica = writer();
    const origin = originAt(replica, 'a');
    const theirs = record('\u0000theirs', 2, { origin });
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 4 }], records: [theirs] });
    expect(replica.core.get('\u0000theirs', 0)?.seq).toBe(2);
    expect(replica.core.get('\u0000a', 0)?.value).toEqual(bytes('a of 0'));
    expect(said(replica).vector).toContainEqual(coveredTo(origin, 4));
  });

  it('and whoever waits for acknowledgements waits for the new numbers', () => {
    const replica = writer();
    const token = replica.core.expect(3, 2);
    const outdated = replica.sole('delta');
    replica.handle({ type: 'identity-conflict' });
    const [renewed] = replica.requests('delta');
    if (renewed === undefined) throw new Error('not sent');
    expect(replica.cover(outdated).filter(({ type }) => type === 'acknowledged')).toEqual([]);
    expect(replica.cover(renewed)).toContainEqual({ type: 'acknowledged', token, count: 2 });
  });

  it('not when nothing was written yet', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'identity-conflict' });
    expect([replica.notices('origin-changed'), said(replica).origin]).toEqual([[], '']);
  });
});
