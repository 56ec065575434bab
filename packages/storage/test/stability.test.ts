import type { Digest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { record } from './records.ts';
import { agreeing, coveredTo, nodeId, originOf, pageRequest, said, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const gone = originOf(8);
const purgeMs = 1_100;

/** A ready replica that holds nothing but the tombstone of its second write. */
function deleter(more: ConstructorParameters<typeof SingleReplica>[0] = {}): SingleReplica {
  const replica = new SingleReplica(more);
  replica.put('\u0000k', 'v');
  replica.put('\u0000k', null);
  replica.turn();
  replica.nowMs += 1;
  return replica;
}

/** A member appears and says that it holds the same, with these differences. */
function meet(replica: SingleReplica, peer: typeof alice, more: Partial<Digest> = {}): void {
  const digest = agreeing(replica, peer, more);
  replica.handle({ type: 'peer-up', peer });
  replica.answer(replica.sole('digest'), digest);
}

function tombstone(replica: SingleReplica): { origin: typeof gone; seq: number; hlc: number } {
  const held = replica.store.get('\u0000k');
  if (held?.value !== null) throw new Error('no tombstone');
  return held;
}

/** Tombstones that are left when there was time to purge. */
function left(replica: SingleReplica, afterMs = purgeMs): number {
  replica.pass(afterMs);
  return replica.core.tombstones;
}

describe('a tombstone is purged', () => {
  it('when this node is alone, and the key is gone from the store', () => {
    const replica = deleter();
    expect(replica.core.tombstones).toBe(1);
    expect(left(replica)).toBe(0);
    expect([replica.core.counters['purged'], replica.store.size]).toEqual([1, 0]);
    expect(replica.core.deadline()).toBeUndefined();
  });

  it('not while a bootstrap name leads nowhere, for as long as a member that is down would be waited for', () => {
    let searching = true;
    const replica = deleter({ isSearching: () => searching, volatileGraceMs: 60_000 });
    meet(replica, alice);
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica, 30_000)).toBe(1);
    searching = false;
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica)).toBe(0);
    const other = deleter({ isSearching: () => true, volatileGraceMs: 60_000 });
    expect([left(other, 59_000), left(other, 3_000)]).toEqual([1, 0]);
  });

  it('when every member covers it and told a clock past it, and no earlier', () => {
    const replica = deleter();
    meet(replica, alice);
    meet(replica, bob, { hlc: tombstone(replica).hlc });
    expect(left(replica)).toBe(1);
    replica.ask(bob, agreeing(replica, bob));
    expect(left(replica)).toBe(0);
  });

  it('not while a member does not cover its dot', () => {
    const replica = deleter();
    const { origin, seq } = tombstone(replica);
    meet(replica, alice);
    meet(replica, bob, { vector: [coveredTo(origin, seq - 1)] });
    expect(left(replica)).toBe(1);
    replica.ask(bob, agreeing(replica, bob));
    expect(left(replica)).toBe(0);
  });

  it('not while a member is not ready, or has not said anything yet', () => {
    const replica = deleter();
    meet(replica, alice, { ready: false });
    expect(left(replica)).toBe(1);
    replica.ask(alice, agreeing(replica, alice));
    replica.handle({ type: 'peer-up', peer: bob });
    const asked = replica.sole('digest');
    expect(left(replica)).toBe(1);
    replica.answer(asked, agreeing(replica, bob));
    expect(left(replica)).toBe(0);
  });

  it('not before this node is ready', () => {
    const replica = deleter({ alone: false });
    expect(left(replica)).toBe(1);
    replica.handle({ type: 'attempts-over' });
    expect(left(replica)).toBe(0);
  });

  it('only when all cover what each had written by its report', () => {
    const replica = deleter();
    const origin = originOf(2, 7);
    const vector = [...said(replica).vector, coveredTo(origin, 3)];
    meet(replica, alice);
    meet(replica, bob, { origin, vector });
    expect(left(replica)).toBe(1);
    const ranges = [{ origin, from: 0, to: 3 }];
    replica.ask(bob, { kind: 'delta', ranges, records: [record('\u0000a', 3, { origin })] });
    expect(left(replica)).toBe(1);
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica)).toBe(0);
  });

  it('not while a member lacks its dot, whatever clocks were told', () => {
    const replica = new SingleReplica();
    const origin = originOf(1, 7);
    meet(replica, alice, { origin, vector: [] });
    meet(replica, bob, { vector: [] });
    // A delete of Alice's with a version that she had said she would never give again.
    const records = [record('\u0000k', 1, { origin, value: null })];
    replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 0, to: 1 }], records });
    expect(left(replica)).toBe(1);
    for (const peer of [alice, bob]) replica.ask(peer, agreeing(replica, peer));
    expect(left(replica)).toBe(0);
  });

  it('is proven anew when somebody new counts', () => {
    const replica = deleter();
    const origin = originOf(1, 7);
    replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 0, to: 3 }], records: [] });
    const { origin: own, seq } = tombstone(replica);
    meet(replica, alice, { origin, vector: [coveredTo(own, seq - 1), coveredTo(origin, 3)] });
    // By now everybody, which is these two, covers what Alice wrote.
    expect(left(replica)).toBe(1);
    const late = agreeing(replica, alice, { origin });
    meet(replica, bob, { vector: [coveredTo(own, seq)] });
    replica.ask(alice, { ...late, hlc: 0 });
    expect(left(replica)).toBe(1);
    replica.ask(bob, agreeing(replica, bob));
    replica.ask(alice, agreeing(replica, alice, { origin }));
    expect(left(replica)).toBe(0);
  });
});

describe('origins under which nobody writes', () => {
  it('hold the purge back until all cover the same of them', () => {
    const replica = deleter();
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: gone, from: 0, to: 5 }], records: [] });
    const own = said(replica).vector.filter(({ origin }) => origin !== gone);
    meet(replica, alice, { vector: [...own, coveredTo(gone, 4)] });
    expect(left(replica)).toBe(1);
    replica.ask(alice, agreeing(replica, alice, { vector: [...own, coveredTo(gone, 6)] }));
    expect(left(replica)).toBe(1);
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: gone, from: 5, to: 6 }], records: [] });
    expect(left(replica)).toBe(0);
  });

  it('have tombstones beyond gaps that nobody can close: they are purged all the same', () => {
    const replica = new SingleReplica();
    const tombstoned = record('\u0000k', 4, { value: null });
    replica.ask(bob, { kind: 'delta', ranges: [{ origin: gone, from: 3, to: 4 }], records: [tombstoned] });
    meet(replica, alice, { vector: [] });
    expect(left(replica)).toBe(1);
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica)).toBe(0);
  });
});

describe('a tombstone', () => {
  it('stays until no clock that is behind writes below it any more', () => {
    const replica = new SingleReplica({ tombstoneQuietMs: 20_000 });
    replica.put('\u0000k', null);
    replica.turn();
    expect(left(replica, 19_000)).toBe(1);
    expect(left(replica, 2_000)).toBe(0);
  });
});

describe('a member that is down', () => {
  const graces = { volatileGraceMs: 10_000, tombstoneGraceMs: 60_000 };

  it.each([
    [false, 9_000, 12_000],
    [true, 59_000, 62_000],
  ])('holds the purge back for its grace (durable: %s)', (durable, within, beyond) => {
    const replica = deleter(graces);
    meet(replica, alice, { durable, vector: [] });
    replica.handle({ type: 'peer-down', peer: alice });
    expect(left(replica, within)).toBe(1);
    expect(left(replica, beyond - within)).toBe(0);
  });

  it('that was only heard of counts as well, and one that left does not', () => {
    const roster = new Set([bob]);
    const replica = deleter({ ...graces, members: () => roster });
    expect(left(replica, 9_000)).toBe(1);
    roster.clear();
    replica.handle({ type: 'peer-forgotten', peer: bob });
    expect(left(replica)).toBe(0);
  });

  it('no longer counts when a tenth of the keys are tombstones', () => {
    const replica = deleter({ maxKeys: 20 });
    meet(replica, alice, { vector: [] });
    replica.handle({ type: 'peer-down', peer: alice });
    expect(left(replica)).toBe(1);
    replica.put('\u0000l', null);
    replica.turn();
    expect(left(replica)).toBe(0);
  });
});

describe('after a restart', () => {
  const graces = { volatileGraceMs: 10_000, tombstoneGraceMs: 60_000 };

  it('members of the former life still count, each for its own grace', () => {
    const replica = deleter(graces);
    meet(replica, alice, { durable: true, vector: [] });
    const again = new SingleReplica({ ...graces, store: replica.store, seed: 2 });
    again.turn();
    expect(left(again, 50_000)).toBe(1);
    expect(left(again, 12_000)).toBe(0);
  });

  it('those that the others no longer know are dropped', () => {
    const replica = deleter();
    meet(replica, alice, { vector: [] });
    const again = new SingleReplica({ store: replica.store, seed: 2, members: () => [bob] });
    again.turn();
    expect(left(again)).toBe(1);
    meet(again, bob);
    expect(left(again)).toBe(0);
  });

  it('in the middle of a purge the floor is there: it came in the same step', () => {
    const replica = deleter();
    replica.put('\u0000other', 'v');
    replica.turn();
    replica.nowMs = replica.core.deadline() ?? 0;
    replica.core.handle({ type: 'tick' }, replica.now);
    expect(replica.store.get('\u0000k')).toBeUndefined();
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    expect(again.ask(alice, pageRequest('', 1_000))).toMatchObject({ floors: [{ seq: 2 }] });
  });

  it.each([
    ['', []],
    [', beside what is left', ['\u0000other']],
  ])('the floor of what was purged is known%s', (_, others) => {
    const replica = deleter();
    const { origin, seq, hlc } = tombstone(replica);
    for (const key of others) replica.put(key, 'v');
    replica.turn();
    expect(left(replica)).toBe(0);
    expect(replica.store.size).toBe(others.length);
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    const page = again.ask(alice, pageRequest('', 1_000));
    expect(page).toMatchObject({ floors: [{ origin, seq, hlc }] });
    expect([said(again).behind, said(again, [coveredTo(origin, seq)]).behind]).toEqual([true, false]);
  });
});
